"""Who is who: find people and employees by blind index, in bulk, without opening an envelope."""

from hrhub.identity.lookup import EmployeeMatch, by_identifier, by_work_no

__all__ = ["EmployeeMatch", "by_identifier", "by_work_no"]

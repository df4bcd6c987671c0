"""From YAML to a generated function that maps batches of vendor records to a feed."""

from hrhub.mapping.cases import CaseResult, plain_record, run_cases
from hrhub.mapping.compiler import CompiledMapping, compile_mapping
from hrhub.mapping.custom_file import custom_fields
from hrhub.mapping.explain import FieldStory, explain
from hrhub.mapping.loader import find_mapping, load_mapping, mapping_path
from hrhub.mapping.outcome import Mapped, Rejected
from hrhub.mapping.plan import Mapping
from hrhub.mapping.schema import mapping_schema

__all__ = [
    "CaseResult",
    "CompiledMapping",
    "FieldStory",
    "Mapped",
    "Mapping",
    "Rejected",
    "compile_mapping",
    "custom_fields",
    "explain",
    "find_mapping",
    "load_mapping",
    "mapping_path",
    "mapping_schema",
    "plain_record",
    "run_cases",
]

"""WeCom (企业微信)."""

from connectors.wecom.connector import connector
from connectors.wecom.login import Visitor, logged_in, login_address

__all__ = ["Visitor", "connector", "logged_in", "login_address"]

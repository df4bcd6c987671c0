"""WeCom (企业微信)."""

from connectors.wecom.connector import connector

__all__ = ["connector"]

"""Background checks by Yibeidiao (易背调)."""

from connectors.yibeidiao.connector import connector

__all__ = ["connector"]

"""The HR Hub page: how every source stands, and what somebody has to do about it."""

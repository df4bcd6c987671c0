"""The one outbound client: authentication, paging, budget, retry, limits.

Importing this package, :mod:`hrhub.http.auth` and :mod:`hrhub.http.paging` loads no HTTP library,
so that connector declarations can be read where nothing may be slow (DAG parsing).
"""

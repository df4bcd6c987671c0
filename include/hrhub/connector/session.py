"""Open a session: a connector and its configuration become channels to the vendor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hrhub.connector.config import ConnectorConfig
from hrhub.connector.contract import Checked, Connector
from hrhub.connector.stream import Session
from hrhub.errors import ConfigError

if TYPE_CHECKING:
    from hrhub.ambient import Clock
    from hrhub.http.limits import Limits, Tls
    from hrhub.http.ports import Ports
    from hrhub.http.retry import RetryPlan


_EXPIRY_DAYS = 30


def open_session(
    connector: Connector,
    config: ConnectorConfig,
    *,
    clock: Clock,
    ports: Ports | None = None,
    connection: str = "",
    limits: Limits | None = None,
    retry: RetryPlan | None = None,
    tls: Tls | None = None,
) -> Session:
    """Build what a stream may use while it reads. Nothing is sent yet.

    Args:
        connector: The connector.
        config: Its checked configuration.
        clock: The time.
        ports: Budget, breaker and tokens shared with other workers; those of this session if None.
        connection: Name of the connection.
        limits: Other than the usual limits.
        retry: Another than the usual retry plan.
        tls: Certificates; those of the configuration if None.

    Raises:
        ConfigError: An address, network, certificate or key in the configuration is wrong.
    """
    # HTTP libraries load when a session opens, not when a connector is declared.
    from hrhub.http.addresses import AddressPolicy
    from hrhub.http.auth import NoAuth
    from hrhub.http.client import HttpClient
    from hrhub.http.limits import Proxy, Tls
    from hrhub.http.ports import MemoryPorts
    from hrhub.http.tcp import Dialer

    policy = AddressPolicy.of(config.allow_networks)
    http = HttpClient(
        connector.base_url(config) if connector.base_url else "",
        auth=connector.auth(config) if connector.auth else NoAuth(),
        policy=policy,
        ports=ports or MemoryPorts(clock),
        clock=clock,
        limits=limits,
        retry=retry,
        errors=connector.errors,
        code_of=connector.code_of,
        connection=connection,
        vendor=connector.title,
        rate=connector.rate,
        tls=tls
        or Tls(
            ca_bundle=config.ca_bundle or None,
            client_cert=config.client_cert,
            client_key=config.client_key,
        ),
        proxy=Proxy(config.proxy, config.proxy_login) if config.proxy else None,
        extra_origins=connector.extra_origins,
    )
    dialer = Dialer(policy, clock, vendor=connector.title, connection=connection)
    return Session(config=config, http=http, tcp=dialer, clock=clock)


def check_connection(connector: Connector, session: Session) -> Checked:
    """Make the connector's check, and look at what the connection itself will soon lack.

    Raises:
        HrHubError: What the connector's check raises.
    """
    checked = connector.check(session)
    ends = session.http.certificate_ends
    if ends is None:
        return checked
    days = (ends - session.clock.now()).days
    warning = ConfigError("tls.certificate_ends", days=days, date=ends.date().isoformat())
    return replace(
        checked,
        facts={**checked.facts, "client certificate until": ends.date().isoformat()},
        warnings=(*checked.warnings, *([warning] if days < _EXPIRY_DAYS else [])),
    )

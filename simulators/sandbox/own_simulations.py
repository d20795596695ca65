"""Simulated phones and terminals of a sandbox: they call its own ports, as strangers do, and are let in as its own."""

import ssl
from pathlib import Path

from simulators.process.start_error import StartError
from simulators.sandbox.settings.connection_settings import pinned_context
from simulators.sandbox.settings.settings import Settings
from simulators.simulations.addresses import Addresses
from simulators.simulations.simulations import Simulations
from tokenvault.http.protocol.access import ApiKeys
from tokenvault.vault import Vault


def own_simulations(
    settings: Settings, vault: Vault, http_url: str, iso_address: tuple[str, int], api_keys: ApiKeys
) -> Simulations:
    """What callers of `/v1/simulations` may make. http_url, iso_address: of the sandbox itself. Raises: StartError."""
    addresses = Addresses(
        http_url,
        iso_address,
        settings.public_url,
        _trusting("tls_certificate", settings.tls_certificate),
        _trusting("iso_tls: certificate", None if settings.iso_tls is None else settings.iso_tls.certificate),
    )
    return Simulations(vault, addresses, api_keys.admit)


def _trusting(setting: str, certificate: Path | None) -> ssl.SSLContext | None:
    """What calls a port that shows this certificate; None for a port without TLS. Raises: StartError."""
    try:
        return None if certificate is None else pinned_context(certificate)
    except ValueError as error:
        raise StartError(f"{setting} {error}") from None

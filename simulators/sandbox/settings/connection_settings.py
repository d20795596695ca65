"""Settings of ISO 8583 connections: their acquirers, and TLS with client certificates."""

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from authz.network.peers import FINGERPRINT, Acquirers, ConnectionAuthority

AcquirerId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,11}$")]
"""DE 32, with or without leading zeros."""


class ConnectionTls(BaseModel):
    """TLS on one ISO 8583 port."""

    model_config = ConfigDict(extra="forbid")

    certificate: Path = Field(description="PEM file: the port then speaks TLS only.")
    key: Path = Field(description="PEM file: its private key.")
    client_authorities: Path | None = Field(
        default=None, description="PEM file: clients must show a certificate under one of these (mutual TLS)."
    )
    acquirers: dict[str, list[AcquirerId]] = Field(
        default_factory=dict,
        description="Which acquirers a client certificate speaks for, by its common name, its subject (RFC 4514) or "
        "`sha256:` and its fingerprint.",
    )

    @model_validator(mode="after")
    def _check(self) -> "ConnectionTls":
        if self.acquirers and self.client_authorities is None:
            raise ValueError("acquirers requires client_authorities: without them no client certificate is requested")
        self.context()
        return self

    def context(self) -> ssl.SSLContext:
        """What a port needs to take TLS connections. Raises: ValueError naming the file that is no good."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _load_certificate(context, self.certificate, self.key)
        if self.client_authorities is not None:
            load_authorities(context, self.client_authorities)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def by_certificate(self) -> Mapping[str, Acquirers]:
        """Acquirers by a certificate's name, as `authz.network.peers.ConnectionAuthority` has them."""
        return {_written_alike(name): frozenset(map(int, each)) for name, each in self.acquirers.items()}


def connection_authority(
    acquirers: Iterable[str] | None, tls: ConnectionTls | None, *, is_strict: bool
) -> ConnectionAuthority:
    """The authority of connections to one port. acquirers: those of the port, None if it has no such setting."""
    known = None if acquirers is None else frozenset(map(int, acquirers))
    return ConnectionAuthority(known, {} if tls is None else tls.by_certificate(), is_strict)


def client_context(authorities: Path, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """What a terminal needs to call a port that speaks TLS: whom it trusts, and what it shows of itself.

    The network is known by its authority and not by a name. Raises: ValueError naming the file that is no good.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    load_authorities(context, authorities)
    if certificate is not None:
        _load_certificate(context, certificate, key or certificate)
    return context


def pinned_context(certificate: Path) -> ssl.SSLContext:
    """What a server needs to call a TLS port of its own: it trusts the certificate of that port, and no other.

    Raises: ValueError naming the file where it is no good.
    """
    context = client_context(certificate, None, None)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # no root is needed above what is trusted by itself
    return context


def load_authorities(context: ssl.SSLContext, path: Path) -> None:
    """Trust the certificates in a file. Raises: ValueError."""
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise ValueError(f"{path} contains no certificate in PEM format") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def _load_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError):
        raise ValueError(f"{certificate} and {key} are not a certificate and its private key in PEM format") from None


def _written_alike(name: str) -> str:
    """A certificate's name as it is looked for: a fingerprint in lower case and without colons between its bytes."""
    if not name.lower().startswith(FINGERPRINT):
        return name
    return FINGERPRINT + name[len(FINGERPRINT) :].replace(":", "").lower()

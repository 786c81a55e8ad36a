"""What ``para-server doctor`` looks at: one module a group of subjects."""

from __future__ import annotations

from para_core.checks import Check
from para_server.doctor.backends import examine_backends
from para_server.doctor.configuration import examine_configuration, examine_https
from para_server.doctor.folders import examine_folders
from para_server.doctor.machine import examine_clock, examine_limits, examine_port
from para_server.doctor.mail import examine_mail
from para_server.doctor.nodes import examine_nodes
from para_server.doctor.secrecy import examine_secrets
from para_server.doctor.workers import examine_workers

__all__ = ["CHECKS"]

CHECKS = (
    Check("configuration", examine_configuration),
    Check("secrets", examine_secrets),
    Check("https", examine_https),
    Check("folders", examine_folders),
    Check("clock", examine_clock),
    Check("limits", examine_limits),
    Check("port", examine_port),
    Check("workers", examine_workers),
    Check("nodes", examine_nodes),
    Check("back-ends", examine_backends),
    Check("mail", examine_mail),
)

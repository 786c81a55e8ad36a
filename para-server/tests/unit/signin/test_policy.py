from __future__ import annotations

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_server.signin.policy import SignInPolicy, policy_of


def test_the_defaults_are_those_of_the_keys() -> None:
    assert policy_of(Config()) == SignInPolicy()


def test_values_come_from_the_configuration() -> None:
    policy = policy_of(
        Config(
            {
                "para.security.password_hash": "Argon2id",
                "para.pass_matching_lock_period_hours": "2",
                "para.max_pass_matching_attemts": "0",
                "para.trusted_proxies": "10.0.0.0/8,::1",
            }
        )
    )
    assert (policy.password_hash, policy.lock_sec, policy.most_failures) == ("argon2id", 7200, 1)
    assert [str(network) for network in policy.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("para.security.password_hash", "md5"),
        ("para.trusted_proxies", "10.0.0.0/8,proxy.test"),
        ("para.security.failures_per_address", "-1"),
    ],
)
def test_a_value_that_cannot_be_used_stops_the_start(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        policy_of(Config({key: value}))

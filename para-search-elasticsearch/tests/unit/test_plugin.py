"""What the plugin offers, and the settings it reads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_search_elasticsearch.engine import engine_of, settings_of
from para_search_elasticsearch.plugin import para_register_searches, para_register_sections
from para_search_elasticsearch.search import ElasticSearch


def test_the_engine_is_offered_by_the_name_of_the_original() -> None:
    engine = para_register_searches()["ElasticSearch"](Config({}))
    assert isinstance(engine, ElasticSearch)
    assert set(para_register_sections()) == {"para.es", "para.es.bulk"}


def test_the_driver_loads_when_the_engine_is_selected() -> None:
    look = (
        "import sys; from para_search_elasticsearch import plugin as p;"
        "p.para_register_searches();"
        "p.para_register_sections(); print('opensearchpy' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", look], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_settings_of_the_original_are_read() -> None:
    settings = settings_of(
        Config(
            {
                "para.env": "production",
                "para.es.flavor": "OpenSearch",
                "para.es.restclient_host": "x.eu-west-1.es.amazonaws.com",
                "para.es.track_total_hits": "500",
                "para.es.bulk.action_limit": "7",
            }
        )
    )
    assert (settings.restclient_scheme, settings.sign_requests_to_aws) == ("https", True)
    assert settings.track_total_hits == "500"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("para.es.flavor", "solr", "elasticsearch or opensearch"),
        ("para.es.restclient_scheme", "ftp", "http or https"),
        ("para.es.sign_requests_to_aws", "true", "AWS_ACCESS_KEY_ID"),
        ("para.es.index_prefix", "Not Lower", "index_prefix"),
        ("para.es.nosuch", "1", "nosuch"),
    ],
)
def test_settings_that_describe_no_cluster_stop_the_start(key: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        engine_of(Config({key: value}))

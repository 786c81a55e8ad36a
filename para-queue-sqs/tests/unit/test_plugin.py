"""The plugin and what it loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_core.plugins import load_plugins
from para_core.selection import QUEUES
from para_queue_sqs import plugin
from para_queue_sqs.queue import AWSQueue
from para_queue_sqs.settings import SqsSettings


@pytest.mark.parametrize("name", ["AWSQueue", "awsqueue", "sqs"])
def test_names_in_configuration_files_select_it(name: str) -> None:
    config = Config({"para.q": name, "para.plugin_folder": ""})
    assert isinstance(load_plugins(config).make(QUEUES, config), AWSQueue)


def test_it_describes_its_settings() -> None:
    assert plugin.para_register_sections() == {"para.sqs": SqsSettings}


async def test_a_region_that_nobody_tells_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    queue = plugin.open_aws_queue(Config({"para.env": "production"}))
    with pytest.raises(ConfigError, match=r"para\.sqs\.region"):
        await queue.open()
    await queue.close()


def test_the_driver_is_loaded_only_when_it_is_selected() -> None:
    program = (
        "import sys; from para_queue_sqs import plugin; plugin.para_register_queues();"
        "plugin.para_register_sections(); plugin.para_register_checks();"
        "sys.exit(any(name in sys.modules for name in ('botocore', 'aiobotocore', 'aiohttp')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603

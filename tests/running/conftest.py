"""TEMPORARY"""
from types import SimpleNamespace
import docker
import pytest
from tests.support import tiny

@pytest.fixture(scope="session")
def engine():
    client = docker.DockerClient(base_url="unix:///work/scratch/docker/e/docker.sock")
    return SimpleNamespace(client=client, address="unix:///work/scratch/docker/e/docker.sock", environment={"DOCKER_HOST":"unix:///work/scratch/docker/e/docker.sock"})

@pytest.fixture(scope="session")
def tiny_image(engine):
    return tiny.build(engine.client, "tiny:latest")

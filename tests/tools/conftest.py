"""The store with events that the tests of the way to the cloud have."""

from tests.sync.conftest import core as core

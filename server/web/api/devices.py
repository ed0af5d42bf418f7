"""Devices: which may send, and which are here."""

import msgspec

from server.devices.registrar import Credentials
from server.rights import ADMIN, OPERATE, READ
from server.store.devices import Device
from server.web.api.endpoint import Call, Endpoint, Listing


class DeviceList(msgspec.Struct):
    """rows: all devices by name, also revoked ones."""

    rows: list[Device]


class NewDevice(msgspec.Struct, forbid_unknown_fields=True):
    """name: 1 to 32 of a-z, 0-9 and -."""

    name: str


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """label: what staff call a device. group: where it belongs. Each has at most 64 characters; null leaves
    it as it is."""

    label: str | None = None
    group: str | None = None


async def everyone(call: Call) -> DeviceList:
    """All devices."""
    return DeviceList(call.parts.presence.all())


async def one(call: Call) -> Device:
    """A device as it is known now. Raises NotFound."""
    return call.parts.presence.one(call.named("name"))


async def add(call: Call) -> Credentials:
    """Register a device."""
    return await call.parts.devices.add(call.caller.actor, call.body.name)


async def renew(call: Call) -> Credentials:
    """Give a device a new secret; the old one is worthless from now on."""
    return await call.parts.devices.renew(call.caller.actor, call.named("name"))


async def revoke(call: Call) -> None:
    """Take a device's right to send away, for good."""
    await call.parts.devices.revoke(call.caller.actor, call.named("name"))


async def describe(call: Call) -> Device:
    """Give a device another label, or move it to another group."""
    name = call.named("name")
    await call.parts.devices.describe(call.caller.actor, name, call.body.label, call.body.group)
    return call.parts.presence.one(name)


PATH = "/api/v1/devices"
ENDPOINTS = [
    Endpoint("GET", PATH, everyone, READ, "All devices", Listing, answer=DeviceList),
    Endpoint(
        "POST",
        PATH,
        add,
        ADMIN,
        "Register a device",
        body=NewDevice,
        answer=Credentials,
        status=201,
        problems=("conflict",),
    ),
    Endpoint("GET", PATH + "/{name}", one, READ, "One device", answer=Device, problems=("not-found",)),
    Endpoint(
        "PATCH",
        PATH + "/{name}",
        describe,
        OPERATE,
        "Rename or move a device",
        body=Description,
        answer=Device,
        problems=("not-found",),
    ),
    Endpoint("DELETE", PATH + "/{name}", revoke, ADMIN, "Cut a device off", problems=("not-found",)),
    Endpoint(
        "POST",
        PATH + "/{name}/credentials",
        renew,
        ADMIN,
        "Give a device a new secret",
        answer=Credentials,
        problems=("not-found",),
    ),
]

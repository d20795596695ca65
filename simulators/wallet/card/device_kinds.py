"""The kinds of devices (phone, watch, band, car) and their differences."""

from dataclasses import dataclass

from tokenvault.devices.devices import DeviceKind


@dataclass(frozen=True)
class DeviceTraits:
    """What one kind can do.

    form_factor: first byte of tag 9F6E, our own numbers after those that schemes publish.  verifies: it can verify its
    holder (consumer device CVM).  stays_verified: it needs no unlocking between taps, because it is worn or driven.
    taps, has_screen, has_apps: whether it has a contactless antenna, can show and scan QR codes, and can pay in apps.
    """

    kind: DeviceKind
    form_factor: int
    verifies: bool = True
    stays_verified: bool = False
    taps: bool = True
    has_screen: bool = True
    has_apps: bool = True


PHONE = DeviceTraits(DeviceKind.MOBILE_PHONE, 0x21)
WATCH = DeviceTraits(DeviceKind.WATCH, 0x23, stays_verified=True)
BAND = DeviceTraits(DeviceKind.WEARABLE_DEVICE, 0x25, verifies=False, has_screen=False, has_apps=False)
CAR = DeviceTraits(DeviceKind.AUTOMOBILE_DEVICE, 0x2A, stays_verified=True, taps=False)

DEVICE_KINDS = {"phone": PHONE, "watch": WATCH, "band": BAND, "car": CAR}
"""By the name that scenarios and the command line use."""

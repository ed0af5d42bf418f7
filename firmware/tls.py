"""Whom a board trusts: the certificates on its flash, and nobody else."""

import ssl

CA_PATHS = ("ca.der", "ca2.der")  # DER, for MicroPython takes no PEM; two, so that one can be replaced


def trusting(flash):
    """A TLS context that accepts only servers whose certificate one of CA_PATHS has signed."""
    certificates = [each for each in [flash.read(path) for path in CA_PATHS] if each]
    if not certificates:
        raise ValueError("settings ask for TLS, but there is no /" + CA_PATHS[0])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED  # MicroPython's default is to trust everyone
    used, failed = 0, None
    for certificate in certificates:
        try:
            context.load_verify_locations(cadata=certificate)
            used += 1
        except (OSError, ValueError) as error:
            failed = error  # a damaged one must not cost us the other
    if not used:
        raise failed
    return context

"""The TLS context of a board, which trusts only the certificates on its flash."""

import ssl

CA_PATHS = ("ca.der", "ca2.der")  # DER, because MicroPython takes no PEM; two, so that one can be replaced


def trusting(flash):
    """A TLS context that accepts only servers whose certificate one of CA_PATHS has signed."""
    certificates = [each for each in [flash.read(path) for path in CA_PATHS] if each]
    if not certificates:
        raise ValueError("settings ask for TLS, but there is no /" + CA_PATHS[0])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED  # MicroPython's default is to trust any server
    used, failed = 0, None
    for certificate in certificates:
        try:
            context.load_verify_locations(cadata=certificate)
            used += 1
        except (OSError, ValueError) as error:
            failed = error  # the other one may still be good
    if not used:
        raise failed
    return context

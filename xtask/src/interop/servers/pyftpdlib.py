"""pyftpdlib on one address, for one user, under TLS when there is a certificate."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

host, port, user, password, root, *certificate = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, root, perm="elradfmwMT")
handler = FTPHandler
if certificate:
    handler = TLS_FTPHandler
    handler.certfile = certificate[0]
    handler.tls_control_required = handler.tls_data_required = True
handler.authorizer = authorizer
FTPServer((host, int(port)), handler).serve_forever()

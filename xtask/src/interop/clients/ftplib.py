"""One operation with ftplib, in the data port mode that is asked for."""

import ftplib
import socket
import ssl
import sys

operation, host, port, user, password, mode, tls, certificate, remote, local, half = sys.argv[1:12]
names = sys.argv[12:]
half = int(half)


class SecureFTP(ftplib.FTP_TLS):
    """ftplib makes a new TLS session for each data connection; servers may ask for the control connection's."""

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session
        return self.context.wrap_socket(connection, server_hostname=self.host, session=session), size


class Client(ftplib.FTP if tls == "clear" else SecureFTP):
    """ftplib chooses by address family; here the mode is chosen by name."""

    def makepasv(self):
        if mode == "PASV":
            return ftplib.parse227(self.sendcmd("PASV"))
        return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())

    def makeport(self):
        listener = socket.create_server((self.sock.getsockname()[0], 0), family=self.af, backlog=1)
        host, port = listener.getsockname()[:2]
        announce = self.sendport if mode == "PORT" else self.sendeprt
        announce(host, port)
        listener.settimeout(self.timeout)
        return listener


if tls == "clear":
    ftp = Client(timeout=20, encoding="utf-8")
else:
    context = ssl.create_default_context(cafile=certificate)
    version = ssl.TLSVersion.TLSv1_2 if tls == "1.2" else ssl.TLSVersion.TLSv1_3
    context.minimum_version = context.maximum_version = version
    ftp = Client(timeout=20, encoding="utf-8", context=context)
ftp.connect(host, int(port))
ftp.login(user, password)
if tls != "clear":
    ftp.prot_p()
ftp.set_pasv(mode in ("PASV", "EPSV"))
ftp.cwd(remote)

if operation == "get":
    for name in names:
        with open(f"{local}/{name}", "wb") as file:
            ftp.retrbinary(f"RETR {name}", file.write)
elif operation == "put":
    for name in names:
        with open(f"{local}/{name}", "rb") as file:
            ftp.storbinary(f"STOR {name}", file)
elif operation == "list":
    ftp.dir()
    for name, facts in ftp.mlsd():
        print(name, facts)
elif operation == "resume-get":
    with open(f"{local}/{names[0]}", "ab") as file:
        ftp.retrbinary(f"RETR {names[0]}", file.write, rest=half)
elif operation == "resume-put":
    with open(f"{local}/{names[0]}", "rb") as file:
        file.seek(half)
        ftp.storbinary(f"STOR {names[0]}", file, rest=half)
elif operation == "ascii-get":
    with open(f"{local}/{names[0]}", "w", encoding="utf-8") as file:
        ftp.retrlines(f"RETR {names[0]}", lambda line: file.write(line + "\n"))
elif operation == "ascii-put":
    with open(f"{local}/{names[0]}", "rb") as file:
        ftp.storlines(f"STOR {names[0]}", file)
elif operation == "delete":
    ftp.delete(names[0])
elif operation == "rename":
    ftp.rename(names[0], names[1])
elif operation == "mkdir":
    ftp.mkd(names[0])
elif operation == "rmdir":
    ftp.rmd(names[0])
else:
    sys.exit(f"unknown operation {operation}")
ftp.quit()

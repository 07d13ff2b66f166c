#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/cluster/hosts.sh: two hosts that are an sshd of the test's own on the loopback, stopped in between.

Skipped where there is no sshd or no GNU parallel (on Debian openssh-server and parallel).
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import cluster_folder
from pipeline import Verdict, need, skip

verdict = Verdict()
PARTS = 5

SERVER = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
SetEnv {variables}
"""
CLIENT = """
Host one two
  HostName 127.0.0.1
  Port {port}
Host away
  HostName 127.0.0.1
  Port {closed}
Host *
  IdentityFile {folder}/user
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile {folder}/known
  LogLevel ERROR
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_server(folder, sshd):
    """-> Popen, variables that make parallel use it"""
    port, closed = free_ports(2)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    variables = " ".join(f'"{name}={value}"' for name, value in cluster_folder.environment().items())
    where = {"folder": folder, "port": port, "closed": closed, "variables": variables}
    (folder / "sshd_config").write_text(SERVER.format(**where), encoding="utf-8")
    (folder / "ssh_config").write_text(CLIENT.format(**where), encoding="utf-8")
    (folder / "parallel").mkdir()
    (folder / "parallel" / "will-cite").touch()
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd insists on it
    with open(folder / "sshd.log", "wb") as log:
        server = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    ours = {"PARALLEL_SSH": f"ssh -F {folder}/ssh_config", "PARALLEL_HOME": str(folder / "parallel")}
    return server, cluster_folder.environment() | ours


def wait_until_it_answers(folder, server):
    for _ in range(100):
        done = subprocess.run(["ssh", "-F", folder / "ssh_config", "one", "command -v gst-genre-1.0"], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)  # fmt: skip
        if done.returncode == 0 or server.poll() is not None:
            break
        time.sleep(0.1)
    if done.returncode != 0:
        log = (folder / "sshd.log").read_text(encoding="utf-8", errors="replace")
        skip(f"sshd lets nobody in here: {done.stderr.strip()} {log.strip()}")


def start(hosts, root, results, environment):
    script = cluster_folder.CLUSTER / "hosts.sh"
    return subprocess.Popen(["sh", script, hosts, root, results, str(PARTS)], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip


def lines(results):
    return [line for path in sorted(results.glob("*.jsonl")) for line in path.read_bytes().splitlines(keepends=True)]


def test_hosts(folder, environment):
    root, results, hosts = folder / "My Music", folder / "My genres", folder / "hosts"
    cluster_folder.make(root, 24)
    wanted = cluster_folder.one_machine(root)
    hosts.write_text("one\ntwo\naway\n", encoding="utf-8")

    run = start(hosts, root, results, environment)
    while len(lines(results)) < 4 and run.poll() is None:
        time.sleep(0.005)
    stopped = run.poll() is None
    if stopped:
        os.killpg(run.pid, signal.SIGTERM)
    _, errors = run.communicate(timeout=240)
    verdict.check(stopped and 4 <= len(lines(results)) < len(wanted), f"{len(lines(results))} lines: {errors}")

    run = start(hosts, root, results, environment)
    _, errors = run.communicate(timeout=240)
    one_part = run.returncode == 1 and "broken.mp3" in errors
    verdict.check(one_part, f"one part has a broken file: {run.returncode} {errors}")
    verdict.check(len(list(results.iterdir())) == PARTS, f"{list(results.iterdir())}")
    verdict.check(sorted(lines(results)) == sorted(wanted), f"{len(lines(results))} lines of {len(wanted)}: {errors}")


def main():
    need("genreclassify", "decodebin", "wavparse")
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    if not sshd or not shutil.which("parallel") or not shutil.which("ssh-keygen"):
        skip("there is no sshd or no GNU parallel: on Debian openssh-server and parallel")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        server, environment = start_server(folder, sshd)
        try:
            wait_until_it_answers(folder, server)
            test_hosts(folder, environment)
        finally:
            server.terminate()
            server.wait(timeout=30)
    verdict.exit()


main()

"""What the process may still do, and what it says when it may not do enough."""
import os
import shutil
import struct
import subprocess

from livelab import HATCHECK, Live, check, compare, folder, run, traffic

CAP_NET_RAW = 13


def rights():
    """Another user, no capability, none to be gained, a filter of system calls; and of a helper too."""
    live = Live("-i", "lo").ready()
    _bare(live.status())
    check(not _children(live.process.pid), "a helper that nothing needs")
    live.end()
    where = folder()  # only root may enter
    live = Live("-i", "lo", "--log", os.path.join(where, "log")).ready()
    _bare(live.status())
    helpers = _children(live.process.pid)
    check(len(helpers) == 1, "helpers: %s", helpers)
    _bare(live.status(helpers[0]), "0000000000000004")  # CAP_DAC_READ_SEARCH
    live.end()
    check(not os.path.exists("/proc/%d" % helpers[0]), "the helper outlives the run")
    live = Live("-i", "lo", "--write", os.path.join(where, "packets")).ready()
    _bare(live.status())
    helpers = _children(live.process.pid)
    check(len(helpers) == 1, "helpers: %s", helpers)
    _bare(live.status(helpers[0]), "000000000000000e")  # and CAP_DAC_OVERRIDE, CAP_FOWNER
    live.end()
    shutil.rmtree(where)


def list_of_interfaces():
    """--list-interfaces names what can be watched, with state and address."""
    done = subprocess.run([HATCHECK, "live", "--list-interfaces"], stdout=subprocess.PIPE, check=True)
    lines = {line.split()[0]: line for line in done.stdout.decode().splitlines()}
    check("127.0.0.1" in lines["lo"] and "up" in lines["lo"] and "any" in lines, "%s", lines)


def _bare(status, permitted="0000000000000000"):
    check(all(uid != "0" for uid in status["Uid"].split()), "user %s", status["Uid"])
    check(all(gid != "0" for gid in (status["Gid"] + "\t" + status["Groups"]).split()), "group 0")
    for which in ("CapInh", "CapBnd", "CapAmb"):
        check(status[which] == "0000000000000000", "%s %s", which, status[which])
    for which in ("CapPrm", "CapEff"):
        check(status[which] == permitted, "%s %s", which, status[which])
    check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "no_new_privs, seccomp")


def _children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


def _copy():
    """The program where everybody may run it, who may not enter the build."""
    where = folder()
    os.chmod(where, 0o755)
    return where, shutil.copy(HATCHECK, where)


AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def file_capabilities():
    """With the one capability on its file it runs for anybody, and has none once it is open."""
    where, program = _copy()
    # VFS_CAP_REVISION_2, effective; permitted: CAP_NET_RAW (what `setcap cap_net_raw+ep` writes)
    os.setxattr(program, "security.capability", struct.pack("<5I", 0x02000001, 1 << CAP_NET_RAW, 0, 0, 0))
    if subprocess.run([*AS_NOBODY, program, "live", "-i", "lo", "--duration", "0.2"], capture_output=True,
                      check=False).returncode != 0 and os.statvfs(where).f_flag & os.ST_NOSUID:
        return "%s is mounted nosuid" % where
    live = Live("-i", "lo", prefix=AS_NOBODY, program=program).ready()
    status = live.status()
    for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        check(status[which] == "0000000000000000", "%s %s", which, status[which])
    check(status["Uid"].split()[0] == "65534", "user %s", status["Uid"])
    made = traffic(40, 80)
    live.wait_for(40, 5)
    check(live.end() == 0, "%s", live.err)
    compare(made, live)
    shutil.rmtree(where)
    return None


def ambient_capability():
    """As systemd starts it: a user that is not root, with the one right passed on."""
    where, program = _copy()
    start = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw",
             "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw", "--no-new-privs")
    live = Live("-i", "lo", prefix=start, program=program).ready()
    status = live.status()
    for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        check(status[which] == "0000000000000000", "%s %s", which, status[which])
    made = traffic(40, 80)
    live.wait_for(40, 5)
    check(live.end() == 0, "%s", live.err)
    compare(made, live)
    shutil.rmtree(where)


def refusals():
    """An unknown interface, a missing right, an interface that is down: status 2 and what to do."""
    _refused(["-i", "nothere0"], ["nothere0", "--list-interfaces"])
    where, program = _copy()
    done = subprocess.run([*AS_NOBODY, program, "live", "-i", "lo"], capture_output=True, timeout=20, check=False)
    check(done.returncode == 2 and b"setcap" in done.stderr, "without rights: %d %s", done.returncode, done.stderr)
    run("ip", "link", "add", "down0", "type", "veth", "peer", "down1")
    _refused(["-i", "down0"], ["down0", "ip link set"])
    run("ip", "link", "del", "down0")
    _refused([], ["no interface"])
    _refused(["-i", "lo", "--filter", "nonsense ("], ["--filter"])
    _refused(["-i", "lo", "--user", "nobody-at-all"], ["there is no user"])
    _refused(["-i", "lo", "--user", "root"], ["must not be root"])
    _refused(["-i", "lo", "--log", where], ["no file"])
    _refused(["-i", "lo", "--write", where], [where])
    _refused(["-i", "lo", "--write", "-"], ["needs a file"])
    _refused(["-i", "lo", "--metrics", "x", "--json", "x"], ["two outputs"])
    shutil.rmtree(where)


def _refused(args, words):
    done = subprocess.run([HATCHECK, "live", *args], capture_output=True, timeout=20, check=False)
    err = done.stderr.decode()
    check(done.returncode == 2, "%s: exit status %d", args, done.returncode)
    for word in words:
        check(word in err, "%s: no word of %s: %s", args, word, err)

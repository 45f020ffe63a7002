/**
 * Sets a sandbox up from inside fresh namespaces, where bubblewrap is not installed, as text for `python3 -c`. Started by `unshare`
 * as the first process of its pid namespace, with all capabilities of its own user namespace and none outside. Reads the
 * plan as one JSON line on descriptor 5, builds a root of its own, says `ready` on descriptor 4 and waits for a second line. Then it
 * drops everything, loads the filter from descriptor 3 and runs the program as its child; it stays as a reaper that
 * cannot be traced or read, reports the exit code and ends with the program or with the host.
 */
export const UNSHARE_LAUNCHER = String.raw`
import ctypes, json, os, resource, select, signal
libc = ctypes.CDLL(None, use_errno=True)
# Python would turn an interrupt from inside into an exception and end; the first process of a namespace is not hurt by a default.
signal.signal(signal.SIGINT, signal.SIG_DFL)
STATUS, PLAN, FILTER = 4, 5, 3
NOSUID, NODEV, NOEXEC, BIND, REC, DETACH = 2, 4, 8, 4096, 16384, 2
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4

def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, what + ': ' + os.strerror(number))
def text(value): return None if value is None else value.encode()
def mount(source, target, kind, flags, options=None): check(libc.mount(text(source), text(target), text(kind), flags, text(options)), 'mount ' + (kind or 'bind') + ' on ' + target[len(root):])
class Attr(ctypes.Structure): _fields_ = [(n, ctypes.c_uint64) for n in ('set', 'clear', 'propagation', 'userns')]
def lock(target, attributes, recursive=True):
    attr = Attr(attributes, 0, 0, 0)
    check(libc.syscall(ctypes.c_long(442), ctypes.c_long(-100), text(target), ctypes.c_long(0x8000 if recursive else 0), ctypes.byref(attr), ctypes.c_long(32)), 'mount_setattr')
def parents(path): os.makedirs(os.path.dirname(path), exist_ok=True)
def bind(source, target, attributes):
    parents(target)
    if os.path.isdir(source): os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target): os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    mount(source, target, None, BIND | REC)
    lock(target, attributes)

reader = os.fdopen(os.dup(PLAN), 'rb')
plan = json.loads(reader.readline())
root = plan['root']
os.umask(0o022)
os.setpriority(os.PRIO_PROCESS, 0, plan['niceness'])
libc.sethostname(b'sandbox', 7)
mount('none', '/' if root == '' else root, 'tmpfs', NOSUID | NODEV, 'size=16m,nr_inodes=4096,mode=0755')
bind('/usr', root + '/usr', ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
for name in plan['topLevel']: os.symlink('usr/' + name, root + '/' + name)
os.mkdir(root + '/etc')
for name, content in plan['etc'].items():
    with open(root + '/etc/' + name, 'w') as f: f.write(content)
for name in ('ld.so.cache', 'alternatives'):
    if os.path.exists('/etc/' + name): bind('/etc/' + name, root + '/etc/' + name, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
os.mkdir(root + '/proc')
mount('proc', root + '/proc', 'proc', NOSUID | NODEV | NOEXEC)
mount('none', root + '/proc/sys', 'tmpfs', NOSUID | NODEV | NOEXEC, 'size=4k,mode=0555')
lock(root + '/proc/sys', ATTR_RDONLY)
for name in plan['covered']:
    if os.path.exists(root + '/proc/' + name): bind('/dev/null', root + '/proc/' + name, ATTR_RDONLY | ATTR_NOSUID)
os.mkdir(root + '/dev')
mount('none', root + '/dev', 'tmpfs', NOSUID, 'size=64k,nr_inodes=64,mode=0755')
for name in ('null', 'full', 'random', 'urandom', 'tty'): bind('/dev/' + name, root + '/dev/' + name, ATTR_NOSUID)
bind(plan['zero'][0], root + plan['zero'][1], ATTR_NOSUID)
for name, target in (('fd', '/proc/self/fd'), ('stdin', '/proc/self/fd/0'), ('stdout', '/proc/self/fd/1'), ('stderr', '/proc/self/fd/2')): os.symlink(target, root + '/dev/' + name)
for name, share in (('/tmp', 4), ('/scratch', 4), ('/dev/shm', 1)):
    os.mkdir(root + name)
    mount('none', root + name, 'tmpfs', NOSUID | NODEV, 'size=%d,nr_inodes=%d,mode=%s' % (plan['scratchBytes'] * share // 9, plan['inodes'] // 3, '1777' if share != 4 or name == '/tmp' else '0700'))
os.mkdir(root + '/tmp/home')
for source, target in plan['binds']: bind(source, root + target, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
for fd, target in plan['files']:
    parents(root + target)
    out = os.open(root + target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444)
    while True:
        data = os.read(fd, 65536)
        if not data: break
        while data: data = data[os.write(out, data):]
    os.close(out)
    os.close(fd)
lock(root + '/dev', ATTR_RDONLY, False)
lock(root, ATTR_RDONLY, False)
os.chdir(root)
check(libc.syscall(ctypes.c_long(plan['pivotRoot']), b'.', b'.'), 'pivot_root')
check(libc.umount2(b'.', DETACH), 'umount')
os.chdir(plan['cwd'])

os.write(STATUS, b'{"ready": 1}\n')
reader.readline()
reader.close()
os.close(PLAN)
with os.fdopen(FILTER, 'rb') as f: code = f.read()
for capability in range(64): libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
libc.prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
check(libc.syscall(ctypes.c_long(plan['capset']), ctypes.byref(header), ctypes.byref(nothing)), 'capset')
check(libc.prctl(38, 1, 0, 0, 0), 'no_new_privs')
check(libc.prctl(4, 0, 0, 0, 0), 'dumpable')
class Program(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]
buffer = ctypes.create_string_buffer(code, len(code))
program = Program(len(code) // 8, ctypes.addressof(buffer))
check(libc.prctl(22, 2, ctypes.byref(program), 0, 0), 'seccomp')
child = os.fork()
if child == 0:
    try:
        os.close(STATUS)
        os.setsid()
        for name, (soft, hard) in plan['limits'].items(): resource.setrlimit(getattr(resource, name), (soft, hard))
        os.execve(plan['command'][0], plan['command'], plan['env'])
    finally:
        os._exit(127)
for fd in (0, 1, 2, 6):
    try: os.close(fd)
    except OSError: pass
poll = select.poll()
watched = os.pidfd_open(child)
poll.register(watched, select.POLLIN)
poll.register(STATUS, 0)
while True:
    for fd, _ in poll.poll():
        if fd == STATUS: os._exit(1)
        status = os.waitpid(child, 0)[1]
        said = '{"exit-code": %d}' % os.WEXITSTATUS(status) if os.WIFEXITED(status) else '{"signal": %d}' % os.WTERMSIG(status)
        os.write(STATUS, (said + '\n').encode())
        os._exit(0)
`

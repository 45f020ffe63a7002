import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { CodeConductorError } from '../../domain/errors.ts'
import type { HostUser } from './host-user.ts'
import { requireDescriptors } from './launch.ts'

/** The whole /etc inside, but for the linker's cache and the alternatives links. Without `hosts`, `localhost` would not resolve. */
export const SYNTHETIC_ETC: Readonly<Record<string, string>> = {
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  passwd: 'sandbox:x:1000:1000::/tmp/home:/bin/sh\n',
  group: 'sandbox:x:1000:\n',
  'nsswitch.conf': 'hosts: files\n',
  'resolv.conf': '',
}

/*
 * Holds a mount namespace of our own, in which each run gets a fresh tmpfs with a byte and an inode cap (bubblewrap's own tmpfs
 * knows no inode cap) and from which the host can read what a run left, after all its processes are gone. It also holds the
 * synthetic /etc. One Python process, no candidate bytes, dead as soon as its input closes. Python, because it can call mount(2)
 * itself: a shell would start four programs a run. The next slot is mounted ahead of time, so a run does not wait for it.
 */
const SCRIPT = `
import ctypes, json, os, shutil, sys
base = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
FLAGS, MNT_DETACH = 2 | 4, 2  # MS_NOSUID, MS_NODEV
def mount(where, options):
    if libc.mount(b'none', where.encode(), b'tmpfs', FLAGS, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), 'mount: ' + os.strerror(ctypes.get_errno()))
os.umask(0o022)
mount(base, 'size=8m,nr_inodes=20000,mode=0755')
etc = base + '/etc'
os.mkdir(etc)
for name, text in json.loads(sys.argv[2]).items():
    with open(etc + '/' + name, 'w') as f: f.write(text)
for copy, name in ((shutil.copyfile, 'ld.so.cache'), (lambda a, b: shutil.copytree(a, b, symlinks=True), 'alternatives')):
    try: copy('/etc/' + name, etc + '/' + name)
    except (OSError, shutil.Error): pass
def say(text): os.write(1, (text + '\\n').encode())
say('ready')
for line in sys.stdin:
    op, slot, *rest = line.split()
    where = base + '/' + slot
    try:
        if op == 'new':
            os.mkdir(where)
            mount(where, 'size=%s,nr_inodes=%s,mode=0755' % tuple(rest))
            for name, mode in (('tmp', 0o1777), ('shm', 0o1777), ('scratch', 0o700), ('tmp/home', 0o700)):
                os.mkdir(where + '/' + name)
                os.chmod(where + '/' + name, mode)
            say('ok ' + slot)
        else:
            libc.umount2(where.encode(), MNT_DETACH)
            os.rmdir(where)
    except OSError as error:
        if op == 'new': say('no ' + slot)
        os.write(2, (str(error) + '\\n').encode())
`

/** One run's scratch space. Paths are inside the holder's mount namespace. */
interface Slot {
  readonly name: string
  readonly path: string
  /** The scratch directory as the host can reach it, through the holder. */
  readonly hostScratch: string
}

export interface MountHolder {
  readonly pid: number
  readonly etcPath: string
  /** False once the holder has gone; a run then needs another one. */
  isAlive(): boolean
  acquire(sizeBytes: number, inodes: number): Promise<Slot>
  release(slot: Slot): void
  close(): void
}

/** Gives the holder, and another one when the last has gone; where that fails it throws `SANDBOX`, and tries anew when asked again. */
export interface MountHolderSource {
  get(): Promise<MountHolder>
  close(): void
}

/** Starts a holder now, to know whether this machine allows it, and again whenever it has died. */
export async function createMountHolderSource(
  tools: { unshare: string; python: string },
  base: string,
  user: HostUser,
): Promise<MountHolderSource | { readonly why: string }> {
  const start = (): ReturnType<typeof startMountHolder> => startMountHolder(tools, base, user)
  const first = await start()
  if ('why' in first) return first
  let current: MountHolder = first
  let starting: Promise<MountHolder> | null = null
  const replace = async (): Promise<MountHolder> => {
    const next = await start()
    if ('why' in next) throw new CodeConductorError('SANDBOX', `no scratch space: ${next.why}`, { retryable: true })
    current = next
    return next
  }
  return {
    get: async () => {
      if (current.isAlive()) return current
      // Shared by all who ask meanwhile; forgotten afterwards, so that one failure is not the answer for good.
      starting ??= replace().finally(() => {
        starting = null
      })
      return starting
    },
    close: () => {
      current.close()
      starting?.then(
        (holder) => holder.close(),
        () => undefined,
      )
    },
  }
}

interface Pending {
  readonly size: number
  readonly inodes: number
  readonly slot: Promise<Slot>
}

/** Starts the holder over the empty directory `base`, as `user`. Resolves with the reason when this machine does not allow it. */
async function startMountHolder(
  tools: { unshare: string; python: string },
  base: string,
  user: HostUser,
): Promise<MountHolder | { readonly why: string }> {
  const args = [
    '--user',
    '--map-root-user',
    '--mount',
    '--propagation',
    'private',
    '--',
    tools.python,
    '-I',
    '-S',
    '-c',
    SCRIPT,
    base,
    JSON.stringify(SYNTHETIC_ETC),
  ]
  const stdio = ['pipe', 'pipe', 'pipe'] as const
  try {
    requireDescriptors('unshare', stdio)
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
  const child = spawn(tools.unshare, args, { env: {}, cwd: '/', detached: true, stdio: [...stdio], ...user.ids })
  const said = collectErrors(child)
  if (child.pid === undefined) {
    // Without descriptors there are no pipes to listen to either. The reason comes as an event, a turn later.
    await new Promise((resolve) => setImmediate(resolve))
    return { why: said() || 'unshare could not be started' }
  }
  const pid = child.pid
  const lines = createInterface({ input: child.stdout })
  const waiting: ((line: string | null) => void)[] = []
  let alive = true
  const end = (): void => {
    alive = false
    for (const resolve of waiting.splice(0)) resolve(null)
  }
  const stdout = child.stdout as Socket
  lines.on('line', (line) => {
    waiting.shift()?.(line)
    if (waiting.length === 0) stdout.unref()
  })
  child.on('exit', end)
  child.on('error', end)
  child.stdin.on('error', () => undefined)
  const nextLine = (): Promise<string | null> =>
    new Promise((resolve) => {
      if (!alive) return resolve(null)
      // Whoever waits for an answer keeps the program alive; a parked holder does not.
      stdout.ref()
      waiting.push(resolve)
    })

  const ready = await nextLine()
  if (ready !== 'ready') return { why: said() || 'unshare could not be started' }
  child.unref()
  for (const stream of [child.stdin, child.stderr]) (stream as Socket).unref()

  let count = 0
  const mount = (size: number, inodes: number): Pending => {
    const name = `s${++count}`
    child.stdin.write(`new ${name} ${size} ${inodes}\n`)
    const slot = nextLine().then((line) => {
      if (line === `ok ${name}`) return { name, path: `${base}/${name}`, hostScratch: `/proc/${pid}/root${base}/${name}/scratch` }
      throw new CodeConductorError('SANDBOX', `no scratch space: ${said() || 'the mount holder is gone'}`, { retryable: true })
    })
    slot.catch(() => undefined)
    return { size, inodes, slot }
  }
  let spare: Pending | null = null
  return {
    pid,
    etcPath: `${base}/etc`,
    isAlive: () => alive,
    acquire: (size, inodes) => {
      const fits = spare && spare.size === size && spare.inodes === inodes
      const taken = fits && spare ? spare : mount(size, inodes)
      if (fits || !spare) spare = mount(size, inodes)
      return taken.slot
    },
    release: (slot) => {
      if (alive) child.stdin.write(`end ${slot.name}\n`)
    },
    close: () => child.stdin.destroy(),
  }
}

function collectErrors(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    if (text.length < 500) text += chunk.toString('utf8').slice(0, 500)
  })
  child.on('error', (error) => {
    text += error.message
  })
  return () => text.trim().split('\n').at(-1) ?? ''
}

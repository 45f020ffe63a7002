import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { HostUser } from './host-user.ts'

/*
 * Holds a mount namespace of our own, in which each run gets a fresh tmpfs with a byte and an inode cap (bubblewrap's own tmpfs
 * knows no inode cap) and from which the host can read what a run left, after all its processes are gone. It also holds the
 * synthetic /etc. One shell, no candidate bytes, dead as soon as its stdin closes. The next slot is mounted ahead of time, so
 * a run does not wait for it.
 */
const SCRIPT = `
set -u
base=$1
mount -n -t tmpfs -o size=8m,nr_inodes=20000,mode=0755,nosuid,nodev none "$base" || exit 1
umask 022
mkdir "$base/etc" || exit 1
echo '127.0.0.1 localhost' > "$base/etc/hosts"
echo '::1 localhost' >> "$base/etc/hosts"
echo 'sandbox:x:1000:1000::/tmp/home:/bin/sh' > "$base/etc/passwd"
echo 'sandbox:x:1000:' > "$base/etc/group"
echo 'hosts: files' > "$base/etc/nsswitch.conf"
: > "$base/etc/resolv.conf"
[ -r /etc/ld.so.cache ] && cp /etc/ld.so.cache "$base/etc/ld.so.cache"
[ -d /etc/alternatives ] && cp -R -P /etc/alternatives "$base/etc/alternatives" 2>/dev/null
echo ready
while read -r op slot size inodes; do
  d=$base/$slot
  case $op in
    new)
      if mkdir "$d" && mount -n -t tmpfs -o "size=$size,nr_inodes=$inodes,mode=0755,nosuid,nodev" none "$d" &&
        mkdir -m 1777 "$d/tmp" "$d/shm" && mkdir -m 0700 "$d/scratch" "$d/tmp/home"; then echo "ok $slot"; else echo "no $slot"; fi ;;
    end) umount -l "$d"; rmdir "$d" ;;
  esac
done
`

/** One run's scratch space. Paths are inside the holder's mount namespace. */
export interface Slot {
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

interface Pending {
  readonly size: number
  readonly inodes: number
  readonly slot: Promise<Slot>
}

/** Starts the holder over the empty directory `base`, as `user`. Resolves with the reason when this machine does not allow it. */
export async function startMountHolder(
  tools: { unshare: string },
  base: string,
  user: HostUser,
): Promise<MountHolder | { readonly why: string }> {
  const args = ['--user', '--map-root-user', '--mount', '--propagation', 'private', '--', '/bin/sh', '-c', SCRIPT, 'sh', base]
  const child = spawn(tools.unshare, args, {
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...user.ids,
  })
  const said = collectErrors(child)
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
  if (ready !== 'ready' || child.pid === undefined) return { why: said() || 'unshare could not be started' }
  const pid = child.pid
  child.unref()
  for (const stream of [child.stdin, child.stderr]) (stream as Socket).unref()

  let count = 0
  const mount = (size: number, inodes: number): Pending => {
    const name = `s${++count}`
    child.stdin.write(`new ${name} ${size} ${inodes}\n`)
    const slot = nextLine().then((line) => {
      if (line === `ok ${name}`) return { name, path: `${base}/${name}`, hostScratch: `/proc/${pid}/root${base}/${name}/scratch` }
      throw new Error(`no scratch space: ${said() || 'the mount holder is gone'}`)
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
  return () => text.trim().split('\n')[0] ?? ''
}

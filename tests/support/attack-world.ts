import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { hostname, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { sandboxUser } from '../../src/sandbox/drivers/host-user.ts'
import { stageProject } from '../../src/sandbox/session/stage.ts'

/**
 * A host worth attacking, and what watches it from outside: listeners on every kind of socket, a home with keys, a project with
 * secrets, another candidate, expected answers, a process that must stay alive. Programs are told every path and port.
 */
export interface AttackWorld {
  readonly root: string
  readonly stagedProject: string
  readonly canary: string
  readonly hints: Readonly<Record<string, unknown>>
  readonly ingressPort: number
  /** What the outside saw since the last call: connections, datagrams, changed files, a dead sentinel. */
  harm(): string[]
  close(): void
}

/** The variable of this process that holds the planted secret while a world is there. */
export const CANARY_VARIABLE = 'AWS_SECRET_ACCESS_KEY'

/**
 * Builds the world in a fresh directory. The secret is `canary`, planted in every file and in this process' environment too; whoever
 * started this process with it, in its environment and in descriptors, gives it here.
 */
export async function createAttackWorld(canary = `CANARY-${randomBytes(12).toString('hex')}`): Promise<AttackWorld> {
  const variableBefore = process.env[CANARY_VARIABLE]
  process.env[CANARY_VARIABLE] = canary
  const root = mkdtempSync(join(tmpdir(), 'w-'))
  chmodSync(root, 0o755)
  const home = join(root, 'home', 'someone')
  const project = join(root, 'project')
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const keys = [
    '.ssh/id_rsa',
    '.aws/credentials',
    '.netrc',
    '.npmrc',
    '.config/gh/hosts.yml',
    '.git-credentials',
    '.bash_history',
  ]
  for (const name of keys) write(join(home, name), `${canary}\n`)
  for (const name of ['.cache/pip', '.npm/_cacache', '.cache/tool']) mkdirSync(join(home, name), { recursive: true })
  for (const name of ['.env', '.git/config', 'deploy.pem', 'config/.env.local']) write(join(project, name), `SECRET=${canary}\n`)
  write(join(project, 'src/app.py'), 'def add(a, b):\n    return a + b\n')
  write(join(project, 'test_app.py'), 'from src.app import add\n\ndef test_add():\n    assert add(1, 2) == 3\n')
  write(join(project, 'node_modules/left/index.js'), 'module.exports = 1\n')
  const expected = join(root, 'hidden', 'expected.json')
  write(expected, JSON.stringify({ canary, add: [[1, 2, 3]] }))
  const other = join(root, 'other', 'candidate_b.py')
  write(other, `# ${canary}\ndef add(a, b): return a + b\n`)

  const seen: string[] = []
  const servers: Server[] = []
  const listen = async (name: string, where: ListenOptions): Promise<number> => {
    const server = createServer((socket) => {
      if (!isFromSomebodyElse(socket)) seen.push(`connection on ${name}`)
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}')
    })
    servers.push(server)
    await new Promise<void>((resolve) => {
      server.once('error', () => resolve())
      server.listen(where, resolve)
    })
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  const tcp = await listen('tcp', { host: '127.0.0.1', port: 0 })
  const tcp6 = await listen('tcp6', { host: '::1', port: 0 })
  const ollama = (await listen('model server port', { host: '127.0.0.1', port: 11434 })) || tcp
  const unix = join(root, 'host.sock')
  await listen('unix socket', { path: unix })
  const abstract = `atk-${randomBytes(6).toString('hex')}`
  await listen('abstract socket', { path: `\0${abstract}` })
  const udp = createSocket('udp4', () => seen.push('datagram on udp'))
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  const sentinel = spawn('/usr/bin/sleep', ['3600'], { stdio: 'ignore' })

  const stage = stageProject(project, tmpdir())
  const hash = (): string => hashTree(root) + hashTree(stage.path)
  let before = hash()
  return {
    root,
    stagedProject: stage.path,
    canary,
    ingressPort: 20_000 + Math.floor(Math.random() * 20_000),
    hints: {
      ...{ tcp, tcp6, udp: udp.address().port, unix, abstract, ollama, home, project, root, scratch: '/scratch', expected },
      ...{
        cand_b: other,
        other,
        user: userName(),
        hostname: hostname(),
        sentinel: sentinel.pid,
        tool: process.pid,
        nonroot: true,
      },
      ...{ canary_file: join(home, '.ssh/id_rsa'), fds: [20, 100, 200, 250] },
    },
    harm: () => {
      const found = seen.splice(0)
      if (!isAlive(sentinel)) found.push('the sentinel process is dead')
      const after = hash()
      if (after !== before) found.push('files of the host changed')
      before = after
      if (existsSync('/etc/ld.so.preload')) found.push('/etc/ld.so.preload exists')
      return found
    },
    close: () => {
      if (variableBefore === undefined) delete process.env[CANARY_VARIABLE]
      else process.env[CANARY_VARIABLE] = variableBefore
      for (const server of servers) server.close()
      udp.close()
      sentinel.kill('SIGKILL')
      stage.remove()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Pids of processes on this host whose command line holds `tag`, but this one. */
export function survivors(tag: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return (
          readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(tag) &&
          !/\) Z /.test(readFileSync(`/proc/${name}/stat`, 'latin1'))
        )
      } catch {
        return false
      }
    })
    .map(Number)
}

/**
 * True when a connection came from a program of another user of this host, as real clients of a model server's well-known port do. A
 * sandbox that could reach this host would do so as the user it runs as. What cannot be told counts as the sandbox's.
 */
function isFromSomebodyElse(socket: Socket): boolean {
  const ownUid = process.getuid?.() ?? 0
  const sandboxUid = sandboxUser(ownUid).ids.uid ?? ownUid
  const hex = (port: number | undefined): string => (port ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const ends = `:${hex(socket.remotePort)} `
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const [, local, remote, , , , , uid] = line.trim().split(/\s+/)
      if (local && `${local} `.endsWith(ends) && remote?.endsWith(`:${hex(socket.localPort)}`)) return Number(uid) !== sandboxUid
    }
  }
  return false
}

function hashTree(root: string): string {
  const hash = createHash('sha256')
  const walk = (path: string): void => {
    const seen = lstatSync(path)
    hash.update(`${path} ${seen.mode} ${seen.size} ${seen.mtimeMs}\n`)
    if (seen.isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name))
    else if (seen.isSymbolicLink()) hash.update(readlinkSync(path))
    else if (seen.isFile()) hash.update(readFileSync(path))
  }
  walk(root)
  return hash.digest('hex')
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid${process.getuid?.() ?? 0}`
  }
}

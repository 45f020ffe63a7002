import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { CodeConductorError } from '../../domain/errors.ts'
import { type HostUser, makePrivateDir, sandboxUser, UNPRIVILEGED_ID } from '../drivers/host-user.ts'

/*
 * Copies a project for the sandbox. A copy, because a bind of the real directory shows its path inside (and with it the user's name);
 * filtered, because what is not there cannot be read. Links are dropped, not followed: a link out of the project would carry
 * foreign files in.
 */

/** A staged copy: mount `path` (no other directory is taken), then `remove()` it. */
export interface Stage {
  readonly path: string
  readonly files: number
  readonly bytes: number
  /** Project-relative paths left out, at most 200, as `path: reason`. */
  readonly left: readonly string[]
  remove(): void
}

export interface StageLimits {
  readonly maxFiles: number
  readonly maxBytes: number
}

const DEFAULT_STAGE_LIMITS: StageLimits = { maxFiles: 20_000, maxBytes: 256 * 1024 * 1024 }

/** Written beside a staged copy, so that what is mounted can be told from any other folder. */
const STAGE_MARK = '.codeconductor-stage'

const SECRET_NAMES = new RegExp(
  [
    '^(\\.env.*',
    '\\.(netrc|npmrc|pypirc|pgpass|my\\.cnf|htpasswd|git-credentials|vault-token|dockercfg|s3cfg|boto|terraformrc|authinfo.*)',
    '_netrc|\\.\\w+_history|kubeconfig|credentials.*|service-account.*\\.json|secrets?\\.(json|ya?ml|toml|env|ini|txt))$',
  ].join('|'),
  'i',
)
const SECRET_ENDINGS = /\.(env|pem|key|p8|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|age|ovpn|kubeconfig|tfvars|tfstate(\.backup)?)$/i
/** A key is called `id_…`, whatever follows; so is many a source file, which has an ending keys do not have. */
const KEY_NAME = /^id_/i
const SOURCE_ENDING =
  /\.(py|pyi|[cm]?[jt]sx?|json|md|rst|go|java|kt|rs|c|h|cc|cpp|hpp|cs|php|rb|sql|css|html|vue|sh|ya?ml|toml|csv)$/i
/** Shown: they say which variables there are, and hold no value. */
const ENV_EXAMPLE = /^(\.env[._-](example|sample|template|dist)|(example|sample|template)\.env)$/i
/** Hidden as a folder and as a file: in a worktree `.git` is a file that names a folder of the user's. */
const PRIVATE_NAMES = new Set([
  ...['.git', '.hg', '.svn', '.ssh', '.aws', '.gnupg', '.azure', '.kube', '.docker', '.terraform', '.gcloud'],
  '.password-store',
])

/** Returns why a name is not shown to the sandbox, or null. `.env.example` and its like are shown: they hold no value. */
export function hiddenReason(name: string, isFolder: boolean): string | null {
  if (PRIVATE_NAMES.has(name.toLowerCase())) return isFolder ? 'private folder' : 'private'
  if (isFolder) return null
  if (ENV_EXAMPLE.test(name)) return null
  const isKey = KEY_NAME.test(name) && !SOURCE_ENDING.test(name)
  return isKey || SECRET_NAMES.test(name) || SECRET_ENDINGS.test(name) ? 'looks like a secret' : null
}

/**
 * True when `path` is a copy made by `stageProject` of this program, reached without a link. The copy's own identity is kept beside
 * it, where neither the project nor a sandbox can write, so no other folder passes for one.
 */
export function isStagedCopy(path: string): boolean {
  try {
    if (realpathSync(path) !== path) return false
    const mark = join(dirname(path), STAGE_MARK)
    const seen = lstatSync(mark)
    return seen.isFile() && seen.uid === process.getuid?.() && readFileSync(mark, 'utf8') === identityOf(path)
  } catch {
    return false
  }
}

function identityOf(path: string): string {
  const { dev, ino } = lstatSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/**
 * Copies `project` into a fresh private directory below `tmpDir`. `skip` names further folders to leave out, such as a virtual
 * environment. Throws `POLICY_REFUSED` when the limits are exceeded; nothing is left behind then.
 */
export function stageProject(
  project: string,
  tmpDir: string,
  options: { skip?: ReadonlySet<string>; limits?: StageLimits; user?: HostUser } = {},
): Stage {
  const { skip = new Set<string>(), limits = DEFAULT_STAGE_LIMITS, user = sandboxUser(process.getuid?.()) } = options
  const base = realpathSync(makePrivateDir(tmpDir, user))
  const remove = (): void => rmSync(base, { recursive: true, force: true })
  const left: string[] = []
  let files = 0
  let bytes = 0
  const leave = (path: string, why: string): void => {
    if (left.length < 200) left.push(`${path}: ${why}`)
  }
  const give = (path: string): void => {
    if (user.isDropped) chownSync(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
  }
  const copyFolder = (from: string, to: string, prefix: string): void => {
    mkdirSync(to, { mode: 0o755 })
    give(to)
    for (const name of readdirSync(from).sort()) {
      const path = prefix + name
      const seen = lstatSync(join(from, name))
      const why = skip.has(name) ? 'skipped' : hiddenReason(name, seen.isDirectory())
      if (why !== null) leave(path, why)
      else if (seen.isDirectory()) copyFolder(join(from, name), join(to, name), `${path}/`)
      else if (!seen.isFile()) leave(path, seen.isSymbolicLink() ? 'a link' : 'not a regular file')
      else {
        files++
        bytes += copyFile(join(from, name), join(to, name), limits.maxBytes - bytes)
        if (files > limits.maxFiles) throw tooLarge(limits)
        give(join(to, name))
      }
    }
  }
  const path = join(base, 'project')
  try {
    copyFolder(project, path, '')
    writeFileSync(join(base, STAGE_MARK), identityOf(path), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    remove()
    if (error instanceof RangeError) throw tooLarge(limits)
    throw error
  }
  return { path, files, bytes, left, remove }
}

/** Copies a regular file, reached without a link, and returns its size. Throws `RangeError` when it is larger than `maxBytes`. */
function copyFile(from: string, to: string, maxBytes: number): number {
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { mode } = fstatSync(source)
    const target = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (mode & 0o111) === 0 ? 0o644 : 0o755)
    try {
      const chunk = Buffer.alloc(64 * 1024)
      let copied = 0
      for (;;) {
        const got = readSync(source, chunk)
        if (got === 0) return copied
        copied += got
        if (copied > maxBytes) throw new RangeError('too large')
        writeSync(target, chunk, 0, got)
      }
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}

function tooLarge(limits: StageLimits): CodeConductorError {
  const { maxFiles, maxBytes } = limits
  return new CodeConductorError('POLICY_REFUSED', `the project is larger than ${maxFiles} files or ${maxBytes} bytes`, {
    hint: 'name build outputs and dependencies in .gitignore, or run on a smaller folder',
  })
}

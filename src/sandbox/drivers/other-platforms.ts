/**
 * What could be done off Linux, as data. macOS has no pid or network namespace and no cap on memory or processes that holds, so
 * its profile is partial at best; Windows runs the Linux drivers inside WSL2. Neither is started by this release: it refuses there
 * and says what to run instead.
 */
export interface PlatformAdvice {
  readonly why: string
  readonly fix: string
}

/** Returns why code is not isolated on `platform` (not Linux), and the one thing to do about it. */
export function adviseFor(platform: string): PlatformAdvice {
  switch (platform) {
    case 'win32':
      return {
        why: 'Windows cannot isolate code natively; inside WSL2 the Linux drivers hold',
        fix: wslCommand(['doctor', '--sandbox']).join(' '),
      }
    case 'darwin':
      return {
        why: 'macOS: sandbox-exec bounds files and network, but neither processes nor memory (partial), so nothing is run',
        fix: 'limactl start && lima codeconductor doctor --sandbox',
      }
    default:
      return { why: `no driver for ${platform}`, fix: 'limactl start && lima codeconductor doctor --sandbox' }
  }
}

/** Returns why code is not isolated on a Linux machine whose architecture, by Node's name for it, has no system-call table here. */
export function adviseForArch(arch: string): PlatformAdvice {
  const isOldNode = arch === 'ia32' || arch === 'arm'
  return {
    why: `no system-call table for ${arch}, only for x64 and arm64${isOldNode ? ': this Node is a 32-bit one' : ''}`,
    fix: 'limactl start --arch=x86_64 && lima codeconductor doctor --sandbox',
  }
}

/** Returns the command that runs codeconductor inside the default WSL2 distribution, without Windows' own environment and PATH. */
export function wslCommand(args: readonly string[]): readonly string[] {
  return [
    'wsl.exe',
    '--exec',
    '/usr/bin/env',
    '--ignore-environment',
    'HOME=/tmp',
    'PATH=/usr/local/bin:/usr/bin:/bin',
    'codeconductor',
    ...args,
  ]
}

/**
 * Returns the argv of macOS's `sandbox-exec` with a profile that denies by default: no network at all, loopback included (there is no
 * network namespace, so it must be said), reads of the system and of `readable` only, writes to `scratch` only.
 * Paths are quoted; one with a control character is not taken.
 */
export function seatbeltCommand(plan: {
  readable: readonly string[]
  scratch: string
  command: readonly string[]
}): readonly string[] {
  const subpath = (path: string): string => {
    if (/[\x00-\x1f\x7f]/.test(path) || !path.startsWith('/'))
      throw new RangeError('a path in a profile must be absolute and printable')
    return `(subpath "${path.replace(/["\\]/g, '\\$&')}")`
  }
  const profile = [
    '(version 1)',
    '(deny default)',
    '(deny network*)',
    '(deny mach-lookup)',
    '(deny process-info* (target others))',
    '(deny signal (target others))',
    '(allow process-fork)',
    '(allow process-exec)',
    '(allow sysctl-read)',
    `(allow file-read* ${['/usr/lib', '/usr/bin', '/bin', '/System/Library', ...plan.readable].map(subpath).join(' ')} (literal "/dev/null") (literal "/dev/urandom"))`,
    `(allow file-read* file-write* ${subpath(plan.scratch)})`,
    '(allow file-write-data (literal "/dev/null"))',
  ].join('\n')
  return ['/usr/bin/sandbox-exec', '-p', profile, ...plan.command]
}

import type { RunLimits } from '../../ports/sandbox.ts'

export interface ContainerPlan {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly binds: readonly { readonly hostPath: string; readonly boxPath: string }[]
  readonly limits: RunLimits
  readonly cwd: string
  /** The filter as a profile, on the host: the engine's own default lets through what the self-test must see refused. */
  readonly seccompPath: string
  /** False for podman, which takes no tmpfs option it does not know, and does not know this one. */
  readonly hasInodeCap: boolean
  /** The first line on its standard error, before the program's own: by it a container that started is told from one that did not. */
  readonly mark: string
  /** Bounds of each process, set inside: engines have an option for one of them only. */
  readonly bytes: { readonly data: number; readonly addressSpace: number | null }
  /** A container has three descriptors; the channel is its stdout then, and the program's own output goes nowhere. */
  readonly hasChannel: boolean
}

/**
 * Returns the arguments after `docker` or `podman`. No network, no new privileges, no capability, a read-only root, capped tmpfs; the
 * engine's socket is never mounted and no image is ever fetched.
 */
export function containerArgs(plan: ContainerPlan): readonly string[] {
  const { limits } = plan
  const cpu = Math.max(1, Math.ceil(limits.cpuMs / 1000))
  const part = (share: number): number => Math.floor((limits.scratchBytes * share) / 9)
  const inodes = plan.hasInodeCap ? `nr_inodes=${Math.floor(limits.inodes / 3)},` : ''
  const tmpfs = (path: string, share: number, mode: string): readonly string[] => [
    '--tmpfs',
    `${path}:rw,nosuid,nodev,exec,size=${part(share)},${inodes}mode=${mode}`,
  ]
  return [
    ...['run', '--rm', '--interactive', '--init', '--name', plan.name, '--pull', 'never', '--log-driver', 'none'],
    ...['--network', 'none', '--ipc', 'private', '--hostname', 'sandbox', '--user', '65534:65534', '--read-only'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--security-opt', `seccomp=${plan.seccompPath}`],
    ...[
      '--pids-limit',
      String(limits.processes),
      '--memory',
      String(limits.memoryBytes),
      '--memory-swap',
      String(limits.memoryBytes),
    ],
    ...['--ulimit', `cpu=${cpu}:${cpu + 1}`, '--ulimit', `nofile=${limits.openFiles}:${limits.openFiles}`],
    ...['--ulimit', `fsize=${limits.fileBytes}:${limits.fileBytes}`, '--ulimit', 'core=1:1', '--ulimit', 'memlock=0:0'],
    ...tmpfs('/tmp', 4, '1777'),
    ...tmpfs('/scratch', 4, '1777'),
    ...['--shm-size', String(part(1))],
    ...plan.binds.flatMap(({ hostPath, boxPath }) => ['--mount', `type=bind,source=${hostPath},target=${boxPath},readonly`]),
    ...Object.entries(plan.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...['--workdir', plan.cwd, '--entrypoint', '', plan.image],
    ...['/bin/sh', '-c', startScript(plan), plan.mark],
    ...plan.command,
  ]
}

/** What sets the last bounds and becomes the program. A limit that is lower already stays, silently; the self-test asks what holds. */
function startScript({ bytes, hasChannel }: ContainerPlan): string {
  const kib = (value: number): number => Math.floor(value / 1024)
  const bounds = [
    `ulimit -d ${kib(bytes.data)}`,
    ...(bytes.addressSpace === null ? [] : [`ulimit -v ${kib(bytes.addressSpace)}`]),
  ]
  const steps = [
    'printf "%s\\n" "$0" >&2',
    ...bounds.map((bound) => `${bound} 2>/dev/null`),
    ...(hasChannel ? ['exec 6>&1 1>/dev/null'] : []),
    'exec "$@"',
  ]
  return steps.join('; ')
}

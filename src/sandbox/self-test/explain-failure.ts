import { existsSync, readFileSync } from 'node:fs'

/** What is asked of the host to find the one command: its kernel settings, its package manager, whether it is a container. */
export interface FixHost {
  /** The value of a kernel setting by its dotted name; null where there is no such setting. */
  setting(name: string): string | null
  has(path: string): boolean
}

/** This host. */
const THIS_HOST: FixHost = {
  setting: (name) => {
    try {
      return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'latin1').trim()
    } catch {
      return null
    }
  },
  has: existsSync,
}

const PACKAGE_MANAGERS = [
  ['/usr/bin/apt-get', 'sudo apt-get install --yes'],
  ['/usr/bin/dnf', 'sudo dnf install --assumeyes'],
  ['/usr/bin/pacman', 'sudo pacman -S --noconfirm'],
  ['/sbin/apk', 'sudo apk add'],
  ['/usr/bin/zypper', 'sudo zypper install --no-confirm'],
] as const

/** Gives bubblewrap, and nothing else, leave to make user namespaces: better than allowing them to every program. */
const APPARMOR_PROFILE =
  "printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n'" +
  ' | sudo tee /etc/apparmor.d/bwrap >/dev/null && sudo apparmor_parser --replace /etc/apparmor.d/bwrap'

/** Returns the command that installs, or brings up to date, `name` (bubblewrap and util-linux are called so everywhere). */
export function installCommand(name: 'bubblewrap' | 'util-linux', host: FixHost = THIS_HOST): string {
  const [, install] = PACKAGE_MANAGERS.find(([path]) => host.has(path)) ?? PACKAGE_MANAGERS[0]
  return `${install} ${name}`
}

const NO_NAMESPACES =
  /uid.?map|gid.?map|user namespace|Operation not permitted|Permission denied|No permissions|RTM_NEWADDR|unshare failed|No space left/i

/**
 * Returns the one command most likely to help, ready to be pasted, from what the self-test saw. Where user namespaces are refused the
 * kernel's own settings say which of them is the reason; a setting that does not exist here is never named.
 */
export function explainFailure(failures: readonly string[], host: FixHost = THIS_HOST): string {
  if (!NO_NAMESPACES.test(failures.join('\n'))) return installCommand('bubblewrap', host)
  if (host.setting('user.max_user_namespaces') === '0') return 'sudo sysctl -w user.max_user_namespaces=15000'
  if (host.setting('kernel.unprivileged_userns_clone') === '0') return 'sudo sysctl -w kernel.unprivileged_userns_clone=1'
  if (host.setting('kernel.apparmor_restrict_unprivileged_userns') === '1') {
    return host.has('/usr/bin/bwrap') ? APPARMOR_PROFILE : installCommand('bubblewrap', host)
  }
  if (host.has('/.dockerenv') || host.has('/run/.containerenv')) {
    return 'docker run --rm -it --security-opt seccomp=unconfined --security-opt systempaths=unconfined "$IMAGE"'
  }
  return installCommand('bubblewrap', host)
}

/** Returns the line of `text` that says what went wrong: the last one of a Python traceback, else the first that is not empty. */
export function tellingLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const isTraceback = lines.some((line) => line.startsWith('Traceback (most recent call last)'))
  return (lines.at(isTraceback ? -1 : 0) ?? 'no message').trim().slice(0, 200)
}

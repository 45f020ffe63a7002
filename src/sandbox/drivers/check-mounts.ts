import { lstatSync, readdirSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { CodeConductorError } from '../../domain/errors.ts'
import type { Mount } from '../../ports/sandbox.ts'
import { checkBoxPath, checkHostDirectory } from '../policy.ts'
import { hiddenReason, isStagedCopy } from '../session/stage.ts'

/** The one place where a folder that is not a copy may appear: what a JavaScript suite imports its framework from. */
const NODE_MODULES = '/box/node_modules'

/**
 * Returns `mounts` when all may be shown. A directory must be a copy made by `stageProject`, because a bind shows everything below
 * it and its path; the exception is a folder called `node_modules`, at `/box/node_modules`, without a file that looks
 * like a secret at its top. Throws `POLICY_REFUSED` otherwise. Links are resolved first, so no name passes for another.
 */
export function checkMounts(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.map((mount) => {
    checkBoxPath(mount.boxPath)
    if (mount.kind !== 'directory' || isStagedCopy(checkHostDirectory(mount.hostPath))) return mount
    const hostPath = mount.boxPath === NODE_MODULES ? findNodeModules(mount.hostPath) : null
    if (hostPath !== null) return { ...mount, hostPath: checkHostDirectory(hostPath) }
    throw new CodeConductorError('POLICY_REFUSED', 'a mounted directory must be a staged copy', {
      hint: `stage the project first; only node_modules is mounted as it is, at ${NODE_MODULES}`,
    })
  })
}

function findNodeModules(path: string): string | null {
  try {
    const real = realpathSync(path)
    if (basename(real) !== 'node_modules' || !lstatSync(real).isDirectory()) return null
    const secret = readdirSync(real, { withFileTypes: true }).find(
      (entry) => hiddenReason(entry.name, entry.isDirectory()) !== null,
    )
    return secret === undefined ? real : null
  } catch {
    return null
  }
}

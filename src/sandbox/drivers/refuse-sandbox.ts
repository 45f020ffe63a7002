import { CodeConductorError } from '../../domain/errors.ts'
import { describeNoIsolation } from '../../domain/isolation.ts'
import type { Sandbox, SandboxCapabilities } from '../../ports/sandbox.ts'

/** The sandbox where nothing holds: it runs nothing and says why, with the one command that helps. */
export function createRefuseSandbox(capabilities: SandboxCapabilities): Sandbox {
  const refuse = (): never => {
    const reason = describeNoIsolation(capabilities.why)
    throw new CodeConductorError('NO_SANDBOX', `cannot isolate code here, so nothing was run: ${reason}`, {
      hint: capabilities.fix ?? 'codeconductor doctor --sandbox',
      details: { why: capabilities.why },
    })
  }
  return {
    probe: async () => capabilities,
    run: async () => refuse(),
    open: async () => refuse(),
    dispose: async () => undefined,
  }
}

import { script } from '@bomb.sh/tab'
import { CodeConductorError, EXIT } from '../../domain/errors.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import type { Execute } from '../cli-context.ts'

const SHELLS: Readonly<Record<string, string>> = {
  bash: 'bash',
  zsh: 'zsh',
  fish: 'fish',
  pwsh: 'powershell',
  powershell: 'powershell',
}

/** Prints the script that makes a shell complete our commands and options. */
export const execute: Execute = async (_context, { args }) => {
  const typed = args[0] ?? ''
  const shell = Object.hasOwn(SHELLS, typed) ? SHELLS[typed] : undefined
  if (shell === undefined) {
    const near = nearestName(typed, Object.keys(SHELLS))
    throw new CodeConductorError(
      'USAGE',
      `no completion for "${typed.slice(0, 32)}"${near === null ? '' : ` (did you mean "${near}"?)`}`,
      {
        hint: 'codeconductor completion bash|zsh|fish|pwsh',
      },
    )
  }
  // Writes to stdout itself.
  script(shell, 'codeconductor', 'codeconductor')
  return EXIT.ok
}

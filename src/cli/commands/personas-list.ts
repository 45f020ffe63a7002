import { resolve } from 'node:path'
import { packagePath } from '../../app/compose.ts'
import { loadPersonas } from '../../config/load-personas.ts'
import { EXIT } from '../../domain/errors.ts'
import type { Execute } from '../cli-context.ts'
import { clip, padTo } from '../display-width.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'

/** Lists the personas that `--agents` can name. */
export const execute: Execute = async (context, input) => {
  const { config } = await loadSettings(context, input)
  const path = config.personas === null ? packagePath('personas') : resolve(context.cwd, config.personas)
  for (const persona of await loadPersonas(path)) {
    if (context.mode === 'json') {
      context.stdout.write(toJsonLine({ type: 'persona', ...persona }))
      continue
    }
    const { id, title, method, roles } = persona
    const line = `${padTo(id, 17)} ${padTo(roles.join(', '), 25)} ${padTo(method, 10)} ${toPrintableLine(title)}`
    context.stdout.write(`${context.stdout.isTty ? clip(line, context.stdout.columns - 1) : line}\n`)
  }
  return EXIT.ok
}

import { renderConfig } from '../../config/render-config.ts'
import { EXIT } from '../../domain/errors.ts'
import type { Execute } from '../cli-context.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine } from '../printable.ts'

/** Shows the configuration that holds here, and with `--origin` what set each value. */
export const execute: Execute = async (context, input) => {
  const loaded = await loadSettings(context, input)
  if (context.mode === 'json') {
    context.stdout.write(toJsonLine({ type: 'config', config: loaded.config, origins: Object.fromEntries(loaded.origins) }))
  } else context.stdout.write(renderConfig(loaded, { origin: input.options['origin'] === true }))
  return EXIT.ok
}

import type { ConfigFile } from '../domain/config.ts'

/** Something a project file may not say, and why. */
interface Refusal {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * Returns what a project's file asks for that only the user may ask for. A repository is read before it is trusted: its file
 * must not send prompts or a token to another machine, open the network, or have files read or written outside the project.
 */
export function refuseInProject(config: ConfigFile): Refusal[] {
  const refusals: Refusal[] = []
  const elsewhere = 'leads to another machine: only the user file, the environment or a flag may say so'
  for (const [i, backend] of (config.backends ?? []).entries()) {
    if (!isLoopback(backend.url)) refusals.push({ path: ['backends', i, 'url'], message: elsewhere })
    if (backend.tokenEnv !== undefined)
      refusals.push({ path: ['backends', i, 'tokenEnv'], message: 'names a token: only the user file may' })
  }
  if (typeof config.ollamaUrl === 'string' && !isLoopback(config.ollamaUrl))
    refusals.push({ path: ['ollamaUrl'], message: elsewhere })
  if (config.allowNet === true)
    refusals.push({ path: ['allowNet'], message: 'opens the network: only the user file, the environment or a flag may' })
  for (const field of ['artifactsDir', 'personas'] as const) {
    const path = config[field]
    if (typeof path === 'string' && !staysInside(path)) refusals.push({ path: [field], message: 'leads out of the project' })
  }
  return refusals
}

function isLoopback(address: string): boolean {
  const host = new URL(address).hostname
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function staysInside(path: string): boolean {
  return !/^([\\/~]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes('..')
}

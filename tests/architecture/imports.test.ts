import { expect, test } from 'vitest'
import { ADAPTER_FOLDERS, APP_EXCEPTIONS, MAY_IMPORT, PURE_FOLDERS, readHouse } from './house.ts'

const house = readHouse()
const edges = house.flatMap((module) => module.imports.map((target) => ({ from: module, target })))

test('the checks below see the house: enough modules and edges, and every import resolves to a module', () => {
  const known = new Set(house.map((module) => module.path))
  expect(house.length).toBeGreaterThan(150)
  expect(edges.length).toBeGreaterThan(500)
  expect(edges.filter((edge) => !known.has(edge.target)).map((edge) => `${edge.from.path} -> ${edge.target}`)).toEqual([])
})

test('every folder imports only what the table allows', () => {
  const wrong = edges.filter(({ from, target }) => {
    const folder = target.includes('/') ? (target.split('/')[0] ?? '') : ''
    return folder !== from.folder && !(MAY_IMPORT[from.folder] ?? []).includes(folder)
  })
  expect(wrong.map((edge) => `${edge.from.path} -> ${edge.target}`)).toEqual([])
})

test('only compose names adapters in app, but for the exceptions that say why', () => {
  const wrong = edges.filter(
    ({ from, target }) =>
      from.folder === 'app' &&
      from.path !== 'app/compose.ts' &&
      APP_EXCEPTIONS[from.path] === undefined &&
      ADAPTER_FOLDERS.includes(target.split('/')[0] ?? ''),
  )
  expect(wrong.map((edge) => `${edge.from.path} -> ${edge.target}`)).toEqual([])
})

test('nothing inside imports the library entry', () => {
  expect(edges.filter((edge) => edge.target === 'index.ts').map((edge) => edge.from.path)).toEqual([])
})

test('no modules import one another in a circle, types included', () => {
  const byPath = new Map(house.map((module) => [module.path, module]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const next of byPath.get(path)?.imports ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const module of house) visit(module.path, [])
  expect(circles).toEqual([])
})

test('pure folders import no built-in and read no clock, chance or environment', () => {
  const pure = house.filter((module) => PURE_FOLDERS.includes(module.folder))
  expect(pure.length).toBeGreaterThan(60)
  const allowed: Record<string, readonly string[]> = {
    domain: ['zod'],
    machines: ['xstate'],
    // Arithmetic on bytes: it asks nothing of its host.
    consensus: ['@noble/hashes/sha2.js', '@noble/hashes/utils.js'],
  }
  const wrong = pure.flatMap((module) => [
    ...module.packages
      .filter((name) => !(allowed[module.folder] ?? []).includes(name))
      .map((name) => `${module.path} imports ${name}`),
    ...(
      stripped(module.text).match(
        /\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bprocess\.|\bsetTimeout\b|\bfetch\(|\bperformance\./g,
      ) ?? []
    ).map((use) => `${module.path} uses ${use}`),
  ])
  expect(wrong).toEqual([])
})

test('no module is longer than 400 lines, but for tables of data', () => {
  expect(house.filter((module) => module.lines > 400).map((module) => `${module.path}: ${module.lines}`)).toEqual([])
})

test('there is no default export, no barrel, and no name that says nothing', () => {
  const wrong = house.flatMap((module) => [
    ...(/^export default\b/m.test(module.text) ? [`${module.path} has a default export`] : []),
    ...(module.path !== 'index.ts' && /^export \* from/m.test(module.text) ? [`${module.path} is a barrel`] : []),
    ...(/(?:^|\/)(?:utils?|helpers?|common|misc|types|manager|service)\.ts$/.test(module.path)
      ? [`${module.path} says nothing`]
      : []),
  ])
  expect(wrong).toEqual([])
})

/** Code without comments and strings: a word in a message is not a use. */
function stripped(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\\n])*"/g, "''")
}

import type { FileSystem } from '../../../src/store/file-system.ts'

/**
 * A disk in memory that keeps a journal of every change and of every sync that finished, so that it can be shown as it
 * may look after a power cut at any moment: synced changes are there, of the others any part.
 */
export interface SimulatedDisk {
  readonly fs: FileSystem
  /** Bytes left; a write in place costs none. */
  freeBytes: number
  /** Set to make every sync of file contents fail with EIO. */
  syncFails: boolean
  /** Syncs of file contents so far. */
  readonly fileSyncs: number
  /** Number of changes and finished syncs so far: a moment to cut the power at. */
  readonly moment: number
  /** The disk after a power cut at `moment`; `keep` decides for each change that was not synced by then. */
  afterPowerCut(moment: number, keep: KeepUnsynced): SimulatedDisk
  /** Replaces the content of a file, as a bad sector would. */
  damage(path: string, change: (bytes: Buffer) => Buffer): void
}

/**
 * Returns how many bytes of an unsynced write survive: from its start, or, where negative, from its end only. For other
 * changes: whether they survive, above 0. `index` counts them.
 */
export type KeepUnsynced = (index: number, bytes: number, what: 'content' | 'name' | 'removal') => number
export const KEEP_ALL: KeepUnsynced = (_index, bytes) => bytes
export const KEEP_NONE: KeepUnsynced = () => 0
/** Names are there and what they name is empty. */
export const KEEP_NAMES: KeepUnsynced = (_index, bytes, what) => (what === 'content' ? 0 : bytes)
/** What was removed is gone, and what was to take its place is not there. */
export const KEEP_REMOVALS: KeepUnsynced = (_index, bytes, what) => (what === 'removal' ? bytes : 0)

type Change =
  | { readonly kind: 'name'; readonly folder: string; readonly name: string; readonly node: number | 'folder' | null }
  | { readonly kind: 'write'; readonly node: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'cut'; readonly node: number; readonly bytes: number }
  | { readonly kind: 'synced'; readonly covers: readonly number[] }

interface Tree {
  /** Names in each folder, by its path. */
  readonly folders: Map<string, Map<string, number | 'folder'>>
  readonly files: Map<number, Buffer>
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}

export function createSimulatedDisk(base: Tree = { folders: new Map([['/', new Map()]]), files: new Map() }): SimulatedDisk {
  const tree = base
  const before = cloneTree(base)
  const journal: Change[] = []
  const handles = new Map<number, number>()
  let nextHandle = 3
  // A name may have survived without its content, so the names count too.
  const named = [...tree.folders.values()].flatMap((names) => [...names.values()].filter((node) => node !== 'folder'))
  let nextNode = Math.max(0, ...tree.files.keys(), ...named) + 1
  let fileSyncs = 0

  function change(entry: Change): void {
    journal.push(entry)
    apply(tree, entry)
  }

  function split(path: string): { readonly folder: string; readonly name: string } {
    const at = path.lastIndexOf('/')
    return { folder: path.slice(0, at) || '/', name: path.slice(at + 1) }
  }

  function nodeAt(path: string): number | 'folder' | null {
    const { folder, name } = split(path)
    return tree.folders.get(folder)?.get(name) ?? null
  }

  function fileAt(path: string): number {
    const node = nodeAt(path)
    if (typeof node !== 'number') throw systemError('ENOENT')
    return node
  }

  function setName(path: string, node: number | 'folder' | null): void {
    const { folder, name } = split(path)
    if (!tree.folders.has(folder)) throw systemError('ENOENT')
    change({ kind: 'name', folder, name, node })
  }

  function nodeOf(fd: number): number {
    const node = handles.get(fd)
    if (node === undefined) throw systemError('EBADF')
    return node
  }

  function contentOf(node: number): Buffer {
    return tree.files.get(node) ?? Buffer.alloc(0)
  }

  /** Notes when the sync ends which of the changes before it began are safe. */
  async function sync(isCovered: (entry: Change) => boolean): Promise<void> {
    const covers = journal.flatMap((entry, index) => (isCovered(entry) ? [index] : []))
    await new Promise((resolve) => setImmediate(resolve))
    journal.push({ kind: 'synced', covers })
  }

  function makeFolder(path: string, withParents = false): void {
    if (nodeAt(path) === 'folder') {
      if (withParents) return
      throw systemError('EEXIST')
    }
    const { folder } = split(path)
    if (withParents && !tree.folders.has(folder)) makeFolder(folder, true)
    setName(path, 'folder')
  }

  function removeTree(path: string): void {
    if (nodeAt(path) === null) return
    for (const name of [...(tree.folders.get(path)?.keys() ?? [])]) removeTree(`${path}/${name}`)
    setName(path, null)
  }

  const fs: FileSystem = {
    open: (path, flags) => {
      const found = nodeAt(path)
      if (flags === 'wx' && found !== null) throw systemError('EEXIST')
      if (found === null && (flags === 'r' || flags === 'r+')) throw systemError('ENOENT')
      const node = typeof found === 'number' ? found : nextNode++
      if (found === null) setName(path, node)
      if (flags === 'w' && contentOf(node).length > 0) change({ kind: 'cut', node, bytes: 0 })
      handles.set(nextHandle, node)
      return nextHandle++
    },
    close: (fd) => void handles.delete(fd),
    write: (fd, bytes, position) => {
      const node = nodeOf(fd)
      const inPlace = Math.max(0, contentOf(node).length - position)
      const taken = Math.min(bytes.length, inPlace + disk.freeBytes)
      if (taken === 0 && bytes.length > 0) throw systemError('ENOSPC')
      disk.freeBytes -= Math.max(0, taken - inPlace)
      change({ kind: 'write', node, at: position, bytes: Buffer.from(bytes.subarray(0, taken)) })
      return taken
    },
    truncate: (fd, bytes) => {
      disk.freeBytes += Math.max(0, contentOf(nodeOf(fd)).length - bytes)
      change({ kind: 'cut', node: nodeOf(fd), bytes })
    },
    fdatasync: async (fd) => {
      const node = nodeOf(fd)
      fileSyncs += 1
      if (disk.syncFails) throw systemError('EIO')
      await sync((entry) => (entry.kind === 'write' || entry.kind === 'cut') && entry.node === node)
    },
    syncFolder: (path) => sync((entry) => entry.kind === 'name' && entry.folder === path),
    read: (path, from = 0, bytes = Number.POSITIVE_INFINITY) => Buffer.from(contentOf(fileAt(path)).subarray(from, from + bytes)),
    size: (path) => contentOf(fileAt(path)).length,
    exists: (path) => nodeAt(path) !== null,
    list: (path) => [...(tree.folders.get(path)?.keys() ?? [])].sort(),
    makeFolder,
    rename: (from, to) => {
      const node = nodeAt(from)
      if (node === null) throw systemError('ENOENT')
      if (node === 'folder') moveFolder(tree, from, to)
      setName(to, node)
      setName(from, null)
    },
    unlink: (path) => {
      fileAt(path)
      setName(path, null)
    },
    removeTree,
  }

  const disk = {
    fs,
    freeBytes: Number.POSITIVE_INFINITY,
    syncFails: false,
    get fileSyncs() {
      return fileSyncs
    },
    get moment() {
      return journal.length
    },
    afterPowerCut: (moment: number, keep: KeepUnsynced) => createSimulatedDisk(replay(before, journal.slice(0, moment), keep)),
    damage: (path: string, edit: (bytes: Buffer) => Buffer) => void tree.files.set(fileAt(path), edit(contentOf(fileAt(path)))),
  }
  return disk
}

function apply(tree: Tree, entry: Change): void {
  if (entry.kind === 'name') {
    const names = tree.folders.get(entry.folder)
    if (names === undefined) return
    const path = entry.folder === '/' ? `/${entry.name}` : `${entry.folder}/${entry.name}`
    if (entry.node === null) {
      names.delete(entry.name)
      tree.folders.delete(path)
      return
    }
    names.set(entry.name, entry.node)
    if (entry.node === 'folder' && !tree.folders.has(path)) tree.folders.set(path, new Map())
  } else if (entry.kind === 'write') {
    const content = tree.files.get(entry.node) ?? Buffer.alloc(0)
    const next = Buffer.alloc(Math.max(content.length, entry.at + entry.bytes.length))
    content.copy(next)
    entry.bytes.copy(next, entry.at)
    tree.files.set(entry.node, next)
  } else if (entry.kind === 'cut') {
    tree.files.set(entry.node, (tree.files.get(entry.node) ?? Buffer.alloc(0)).subarray(0, entry.bytes))
  }
}

function moveFolder(tree: Tree, from: string, to: string): void {
  for (const [path, names] of [...tree.folders]) {
    if (path === from || path.startsWith(`${from}/`)) tree.folders.set(to + path.slice(from.length), names)
  }
}

function replay(base: Tree, journal: readonly Change[], keep: KeepUnsynced): Tree {
  const synced = new Set(journal.flatMap((entry) => (entry.kind === 'synced' ? entry.covers : [])))
  const tree = cloneTree(base)
  let unsynced = 0
  for (const [index, entry] of journal.entries()) {
    if (synced.has(index)) {
      apply(tree, entry)
      continue
    }
    if (entry.kind === 'synced') continue
    const what = entry.kind !== 'name' ? 'content' : entry.node === null ? 'removal' : 'name'
    const kept = keep(unsynced++, entry.kind === 'write' ? entry.bytes.length : 1, what)
    if (entry.kind === 'write' && kept < 0) {
      const lost = Math.max(0, entry.bytes.length + kept)
      apply(tree, { ...entry, at: entry.at + lost, bytes: entry.bytes.subarray(lost) })
    } else if (kept > 0) {
      apply(tree, entry.kind === 'write' ? { ...entry, bytes: entry.bytes.subarray(0, kept) } : entry)
    }
  }
  return tree
}

function cloneTree(tree: Tree): Tree {
  return {
    folders: new Map([...tree.folders].map(([path, names]) => [path, new Map(names)])),
    files: new Map([...tree.files].map(([node, bytes]) => [node, Buffer.from(bytes)])),
  }
}

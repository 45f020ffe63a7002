import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing, one at a time; any of them may be made by another process meanwhile.
 * Node's own recursive form never returns on file systems that answer "no such file" to every new name, as /proc does.
 * `mkdir` makes one folder.
 */
export function makeFolders(path: string, mode: number, mkdir: MakeOne = mkdirSync): void {
  try {
    makeOne(path, mode, mkdir)
  } catch (error) {
    const above = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error
    if (!isFolder(above)) makeFolders(above, mode, mkdir)
    makeOne(path, mode, mkdir)
  }
}

type MakeOne = (path: string, options: { readonly mode: number }) => unknown

function makeOne(path: string, mode: number, mkdir: MakeOne): void {
  try {
    mkdir(path, { mode })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(path)) throw error
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

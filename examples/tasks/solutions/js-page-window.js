export function pageWindow(current, total, size) {
  const shown = Math.min(size, total)
  const page = Math.min(Math.max(current, 1), total)
  const first = Math.max(1, Math.min(page - Math.floor((size - 1) / 2), total - shown + 1))
  return Array.from({ length: Math.max(0, shown) }, (_, i) => first + i)
}

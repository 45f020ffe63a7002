export function camelToKebab(name) {
  return name.replace(/(?!^)([A-Z])/g, '-$1').toLowerCase()
}

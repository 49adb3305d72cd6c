/** A new element with these properties, such as `textContent` and `className`. */
export const element = (tag, properties) => Object.assign(document.createElement(tag), properties)

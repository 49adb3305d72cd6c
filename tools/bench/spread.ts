const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/** Numbers between 0 and 1 that are spread evenly however many there are. @param place 0, 1, 2 … */
export const spread = (place: number): number => (GOLDEN_RATIO * place) % 1

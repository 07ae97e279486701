/** A name and its value, shown side by side. */
export type Fact = readonly [name: string, value: string];

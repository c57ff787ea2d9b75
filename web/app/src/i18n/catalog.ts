import type { en } from "./en";

/** The shape of a catalog: the sections of English, each with at least its keys; languages with more plural forms add. */
export type Catalog = {
  [Section in keyof typeof en]: { [Key in keyof (typeof en)[Section]]: string } & Record<string, string>;
};

/** Lengths that the server refuses beyond, in characters (Unicode code points). */
export const messageLimit = 8000;
export const groupNameLimit = 100;
export const descriptionLimit = 500;
export const displayNameLimit = 64;

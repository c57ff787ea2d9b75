import { createContext } from "react";

/** What is being searched for in the open chat; empty while nothing is. */
export const SearchedFor = createContext("");

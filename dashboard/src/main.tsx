document.title = "Orchestrate";
export {};

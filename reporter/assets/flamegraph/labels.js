// What a box can stand for: a line of code, a whole function, a thread, a process, a type, or a few special things. Each has one
// number, its label.

class Labels {
  constructor(recording) {
    this.recording = recording;
    this.functionBase = recording.frames.function.length;
    this.threadBase = this.functionBase + recording.functions.name.length;
    this.processBase = this.threadBase + recording.threads.length;
    this.typeBase = this.processBase + recording.processes.length;
    this.specialBase = this.typeBase + recording.types.length;
    this.count = this.specialBase + SPECIAL_LABELS.length;
  }

  ofFunction(number) {
    return this.functionBase + number;
  }

  ofThread(number) {
    return number < 0 ? this.special("no thread") : this.threadBase + number;
  }

  ofProcess(number) {
    return number < 0 ? this.special("no process") : this.processBase + number;
  }

  ofType(number) {
    return number < 0 ? this.special("type not known") : this.typeBase + number;
  }

  special(name) {
    return this.specialBase + SPECIAL_LABELS.indexOf(name);
  }

  sort(label) {
    if (label < this.functionBase) return "frame";
    if (label < this.threadBase) return "function";
    if (label < this.processBase) return "thread";
    if (label < this.typeBase) return "process";
    return label < this.specialBase ? "type" : "special";
  }

  // The function that a frame or function label belongs to, or -1.
  functionOf(label) {
    if (label < this.functionBase) return this.recording.frames.function[label];
    return label < this.threadBase ? label - this.functionBase : -1;
  }

  name(label) {
    const { recording } = this;
    const owner = this.functionOf(label);
    if (owner >= 0) return recording.texts[recording.functions.name[owner]] || "(unknown)";
    if (label < this.processBase) {
      const thread = recording.threads[label - this.threadBase];
      return thread.name ? `${thread.name} (${thread.tid})` : `thread ${thread.tid}`;
    }
    if (label < this.typeBase) {
      const process = recording.processes[label - this.processBase];
      return process.name ? `${process.name} (${process.pid})` : `process ${process.pid}`;
    }
    if (label < this.specialBase) return recording.types[label - this.typeBase];
    return `(${SPECIAL_LABELS[label - this.specialBase]})`;
  }

  file(label) {
    const owner = this.functionOf(label);
    return owner < 0 ? "" : this.recording.texts[this.recording.functions.file[owner]];
  }

  module(label) {
    const owner = this.functionOf(label);
    return owner < 0 ? "" : this.recording.texts[this.recording.functions.module[owner]];
  }

  line(label) {
    return label < this.functionBase ? this.recording.frames.line[label] : 0;
  }

  column(label) {
    return label < this.functionBase ? this.recording.frames.column[label] : 0;
  }

  source(label) {
    if (label >= this.functionBase) return "";
    return this.recording.texts[this.recording.frames.source[label]];
  }

  kind(label) {
    const owner = this.functionOf(label);
    return owner < 0 ? this.sort(label) : this.recording.kinds[this.recording.functions.kind[owner]];
  }

  // file:line:column, as far as it is known.
  place(label) {
    const parts = [this.file(label), this.line(label), this.column(label)];
    return parts.filter(Boolean).join(":");
  }

  // The same without folders and column.
  shortPlace(label) {
    const file = baseName(this.file(label));
    const line = this.line(label);
    return line && file ? `${file}:${line}` : file;
  }
}

const SPECIAL_LABELS = ["all", "no stack recorded", "no thread", "no process", "type not known"];

// A Tail Worker that prints each batch that it receives, one a line.
export default {
  tail(events) {
    console.log(JSON.stringify(events));
  },
};

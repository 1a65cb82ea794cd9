//! One node of realtime: hubs, send queues, fan-out in order, gap repair, and the presence of a single node.

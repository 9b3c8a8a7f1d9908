/** What is used of the Kubernetes client, named one by one: the build of the npm package leaves the rest out. */
export { KubeConfig, PortForward } from '@kubernetes/client-node';

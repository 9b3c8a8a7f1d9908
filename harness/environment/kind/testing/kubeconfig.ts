/** Of the cluster that tests share (`make test-kind`). Without one they fail: a test that silently does nothing proves nothing. */
export function testKubeconfig(): string {
  const file = process.env.MESHPROOF_TEST_KUBECONFIG;
  if (!file) throw new Error('MESHPROOF_TEST_KUBECONFIG must name a cluster; `make test-kind` makes one');
  return file;
}
